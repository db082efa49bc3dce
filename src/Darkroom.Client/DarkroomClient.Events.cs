using System.Net;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Darkroom.Client;

/// <summary>Server-sent events: what changes, as it changes.</summary>
public sealed partial class DarkroomClient
{
    const string JobChange = "job", BatchChange = "batch", EventStream = "text/event-stream";

    static readonly TimeSpan BeforeReconnecting = TimeSpan.FromSeconds(1);

    /// <summary>Darkroom sends a comment every 15 s: after three that did not come nobody is there.</summary>
    static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(45);

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
        while (true)
        {
            using var connection = await RepeatAsync(Tries, again => ConnectAsync(path, last, again), ct);
            if (connection.StatusCode == HttpStatusCode.NoContent)
                yield break;
            await using var changes = ReadAsync(connection, ct).GetAsyncEnumerator(ct);
            while (await IsMoreAsync(changes))
            {
                last = changes.Current.EventId ?? last;
                yield return changes.Current;
                if (isLast(changes.Current))
                    yield break;
            }
            // A server that stops ends its connections in order, whether or not they have told anything: only 204 says that nothing more will come.
            await Task.Delay(BeforeReconnecting, clock, ct);
        }
    }

    async Task<HttpResponseMessage> ConnectAsync(string path, string? last, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.ParseAdd(EventStream);
        if (last is not null)
            request.Headers.Add("Last-Event-ID", last);
        return await AnswerAsync(request, LongestPause, (response, _) =>
            // A page that some proxy shows instead would be asked for again and again.
            response.StatusCode == HttpStatusCode.NoContent || response.Content.Headers.ContentType?.MediaType == EventStream
                ? Task.FromResult(response)
                : throw new HttpRequestException(HttpRequestError.InvalidResponse, $"{request.RequestUri} did not answer as Darkroom does."), ct);
    }

    async IAsyncEnumerable<Change> ReadAsync(HttpResponseMessage connection, [EnumeratorCancellation] CancellationToken ct)
    {
        await using var stream = new ArrivingStream(await connection.Content.ReadAsStreamAsync(ct), LongestPause, clock);
        await foreach (var item in SseParser.Create(stream).EnumerateAsync(ct))
        {
            var id = string.IsNullOrEmpty(item.EventId) ? null : item.EventId;
            if (item.EventType == JobChange)
                yield return new(id, JsonSerializer.Deserialize(item.Data, DarkroomJson.Answers.JobEvent), null);
            else if (item.EventType == BatchChange)
                yield return new(id, null, JsonSerializer.Deserialize(item.Data, DarkroomJson.Answers.Batch));
        }
    }

    /// <summary>A connection that breaks is as good as one that ends: what it did not tell, the next one will.</summary>
    static async Task<bool> IsMoreAsync(IAsyncEnumerator<Change> changes)
    {
        try
        {
            return await changes.MoveNextAsync();
        }
        catch (HttpIOException)
        {
            return false;
        }
    }
}
