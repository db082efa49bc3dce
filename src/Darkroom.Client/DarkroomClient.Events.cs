using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Darkroom.Client;

/// <summary>Server-sent events: what changes, as it changes.</summary>
public sealed partial class DarkroomClient
{
    const string JobChange = "job", BatchChange = "batch";

    static readonly TimeSpan BeforeReconnecting = TimeSpan.FromSeconds(1);

    /// <summary>The changes of one job until it has ended. Lost connections are taken up again where they broke off.</summary>
    /// <param name="lastEventId">The last event already seen; from now on if null.</param>
    public IAsyncEnumerable<Change> WatchJobAsync(string id, string? lastEventId = null, CancellationToken cancellationToken = default) =>
        ChangesAsync($"{JobPath(id)}/events", lastEventId, change => change.Job is { Status: "succeeded" or "failed" or "canceled" }, cancellationToken);

    /// <summary>The changes of a batch and of its jobs until it has ended. Lost connections are taken up again where they broke off.</summary>
    /// <param name="lastEventId">The last event already seen; from now on if null.</param>
    public IAsyncEnumerable<Change> WatchBatchAsync(string id, string? lastEventId = null, CancellationToken cancellationToken = default) =>
        ChangesAsync($"{BatchPath(id)}/events", lastEventId, change => change.Batch is { HasEnded: true }, cancellationToken);

    async IAsyncEnumerable<Change> ChangesAsync(string path, string? last, Func<Change, bool> isLast, [EnumeratorCancellation] CancellationToken ct)
    {
        for (var failures = 0; ; await Task.Delay(BeforeReconnecting, ct))
        {
            var seen = false;
            await using var changes = ConnectionAsync(path, last, ct).GetAsyncEnumerator(ct);
            while (true)
            {
                try
                {
                    if (!await changes.MoveNextAsync())
                        break;
                }
                catch (Exception e) when (++failures < Tries && (e is IOException || MayHelp(e)))
                {
                    seen = true;
                    break;
                }
                (seen, failures, last) = (true, 0, changes.Current.EventId ?? last);
                yield return changes.Current;
                if (isLast(changes.Current))
                    yield break;
            }
            // A connection that ends in order and says nothing: it ended before we came. One that said something may be of a server that stops.
            if (!seen)
                yield break;
        }
    }

    async IAsyncEnumerable<Change> ConnectionAsync(string path, string? last, [EnumeratorCancellation] CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.ParseAdd("text/event-stream");
        if (last is not null)
            request.Headers.Add("Last-Event-ID", last);
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
        if (!response.IsSuccessStatusCode)
            throw await FailureAsync(response, ct);
        await foreach (var item in SseParser.Create(await response.Content.ReadAsStreamAsync(ct)).EnumerateAsync(ct))
        {
            var id = string.IsNullOrEmpty(item.EventId) ? null : item.EventId;
            if (item.EventType == JobChange)
                yield return new(id, JsonSerializer.Deserialize(item.Data, DarkroomJson.Answers.JobEvent), null);
            else if (item.EventType == BatchChange)
                yield return new(id, null, JsonSerializer.Deserialize(item.Data, DarkroomJson.Answers.Batch));
        }
    }
}
