using Darkroom.Worker.Endpoint;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Execution;

/// <summary>
/// The end of a node: from SIGTERM on it takes no new work; calls in flight have the drain time and are then aborted; what cannot be
/// written within a few seconds more is left to other nodes. A hosted service only so that it is there before the first signal.
/// </summary>
internal sealed class NodeLifetime : IHostedService, IDisposable
{
    /// <summary>For writing down what the abort left unknown.</summary>
    public static readonly TimeSpan LastWords = TimeSpan.FromSeconds(5);

    readonly CancellationTokenSource drained = new(), givenUp = new();
    readonly CancellationTokenRegistration stopping;
    ITimer? drainTimer, lastTimer;

    public NodeLifetime(IHostApplicationLifetime host, NodeCondition condition, DrainTime drain, TimeProvider clock) =>
        stopping = host.ApplicationStopping.Register(() =>
        {
            condition.Set("stopping", "the node is stopping");
            drainTimer = clock.CreateTimer(_ => drained.Cancel(), null, drain.Value, Timeout.InfiniteTimeSpan);
            lastTimer = clock.CreateTimer(_ => givenUp.Cancel(), null, drain.Value + LastWords, Timeout.InfiniteTimeSpan);
        });

    /// <summary>Cancelled when the drain time is over: calls still in flight are aborted, and their outcome is unknown.</summary>
    public CancellationToken Drained => drained.Token;

    /// <summary>Cancelled when the process must end whatever is left.</summary>
    public CancellationToken GivenUp => givenUp.Token;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        stopping.Dispose();
        drainTimer?.Dispose();
        lastTimer?.Dispose();
        drained.Dispose();
        givenUp.Dispose();
    }
}

/// <summary>How long calls in flight may take after SIGTERM: the option, else the longest endpoint time-out and 30 seconds.</summary>
internal sealed class DrainTime(IOptions<WorkerOptions> worker, IOptions<EndpointSettings> endpoints)
{
    public TimeSpan Value { get; } = worker.Value.DrainTimeout
        ?? endpoints.Value.Endpoints.Select(e => e.Timeout).DefaultIfEmpty(TimeSpan.FromMinutes(6)).Max() + TimeSpan.FromSeconds(30);
}
