using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace Darkroom.Tests.Simulator;

/// <summary>A clock that tells when somebody has begun to wait on it, so that a test advances it neither too early nor by guess.</summary>
internal sealed class SignallingClock : FakeTimeProvider
{
    private readonly Channel<ITimer> _timers = Channel.CreateUnbounded<ITimer>();

    public Task WaitForTimerAsync(CancellationToken cancel) => _timers.Reader.ReadAsync(cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(30), cancel);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        _timers.Writer.TryWrite(timer);
        return timer;
    }
}
