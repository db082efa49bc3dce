using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Darkroom.CrashTests;

/// <summary>A caller as callers should be: asks again with the same key, at whichever worker answers, until its job is accepted.</summary>
internal sealed class Load(CrashCluster cluster, int maxUnknownAttempts)
{
    static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(5);

    int submitted;

    public int Submitted => submitted;

    /// <summary>Submits at a pace until told to stop, or so many.</summary>
    public async Task RunAsync(TimeSpan pace, int atMost, CancellationToken stop)
    {
        using var ticks = new PeriodicTimer(pace);
        try
        {
            while (submitted < atMost && await ticks.WaitForNextTickAsync(stop))
            {
                await SubmitAsync(submitted);
                submitted++;
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
    }

    /// <summary>Not cancelled half-way: what may have been accepted is asked for until it is certain.</summary>
    async Task SubmitAsync(int number)
    {
        for (var tries = 0; ; tries++)
        {
            var worker = cluster.Workers[(number + tries) % cluster.Workers.Count];
            using var timeout = new CancellationTokenSource(AnswerTimeout);
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/v1/jobs", UriKind.Relative))
            {
                Content = JsonContent.Create(
                    new
                    {
                        model = "gpt-image-1.5",
                        prompt = $"job {number.ToString(CultureInfo.InvariantCulture)}",
                        quality = "low",
                        max_attempts = 100,
                        max_unknown_attempts = maxUnknownAttempts,
                    }, options: JsonSerializerOptions.Web),
            };
            request.Headers.Add("Idempotency-Key", $"load-{number.ToString(CultureInfo.InvariantCulture)}");
            try
            {
                using var answer = await worker.Http.SendAsync(request, timeout.Token);
                if (answer.StatusCode == HttpStatusCode.Accepted)
                    return;
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
            {
                // Killed, frozen or not yet listening: the next one is asked.
            }
            using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
            await pause.WaitForNextTickAsync();
        }
    }
}
