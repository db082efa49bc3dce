using Darkroom.Worker.Access;
using Darkroom.Worker.Database;
using Microsoft.AspNetCore.Http.Features;

namespace Darkroom.Worker.Events;

/// <summary>
/// Keeps streams of events going: told of changes by the tail, alive through silence and outages of the database, ended by the listener, by
/// this node's stop (the listener connects elsewhere and resumes), because the key is revoked or has expired, or because nothing more will come.
/// </summary>
internal sealed class EventStreams(EventTail tail, ApiKeys keys, IHostApplicationLifetime host, TimeProvider clock)
{
    /// <summary>Proxies commonly give up after 60 s of silence, some after 30.</summary>
    public static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    /// <param name="jobOrBatch">Whose changes are told.</param>
    /// <param name="atMostEvery">The least time between two tellings; changes in between are one.</param>
    /// <param name="tell">Reads and sends what is new; false once nothing more will come. Called at once, then whenever something may have changed.</param>
    public Task RunAsync(HttpContext http, Guid jobOrBatch, TimeSpan atMostEvery, Func<ServerSentEvents, CancellationToken, Task<bool>> tell) =>
        RunAsync(http, jobOrBatch, atMostEvery, Heartbeat, tell);

    /// <param name="atLeastEvery">For what may change without an event of a job; <see cref="Heartbeat"/> at most.</param>
    /// <inheritdoc cref="RunAsync(HttpContext, Guid, TimeSpan, Func{ServerSentEvents, CancellationToken, Task{bool}})"/>
    public async Task RunAsync(
        HttpContext http, Guid jobOrBatch, TimeSpan atMostEvery, TimeSpan atLeastEvery, Func<ServerSentEvents, CancellationToken, Task<bool>> tell)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, host.ApplicationStopping);
        var ct = ending.Token;
        try
        {
            using var watch = tail.Watch(jobOrBatch);
            var stream = await ServerSentEvents.BeginAsync(http, ct);
            for (var beat = clock.GetTimestamp(); await ToldAsync(http, tell, stream, ct);)
            {
                await Task.Delay(atMostEvery, clock, ct);
                await watch.WaitAsync(atLeastEvery, ct);
                if (clock.GetElapsedTime(beat) < Heartbeat)
                    continue;
                await stream.BeatAsync(ct);
                beat = clock.GetTimestamp();
            }
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
        }
    }

    /// <summary>What an outage hides is told after it: the tail wakes everybody once it is connected again.</summary>
    async Task<bool> ToldAsync(HttpContext http, Func<ServerSentEvents, CancellationToken, Task<bool>> tell, ServerSentEvents stream, CancellationToken ct)
    {
        try
        {
            return await keys.FindAsync(http.Features.GetRequiredFeature<KeyHolder>().Sha256, ct) is not null && await tell(stream, ct);
        }
        catch (Exception e) when (DatabaseOutage.Explains(e))
        {
            return true;
        }
    }
}
