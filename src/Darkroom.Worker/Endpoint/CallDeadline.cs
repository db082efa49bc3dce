namespace Darkroom.Worker.Endpoint;

/// <summary>
/// When a call is given up: <c>Timeout</c> to the first byte of the body, from then on after <c>IdleTimeout</c> without a byte or after
/// twice <c>Timeout</c> in all; or when a person cancels or the node stops.
/// </summary>
internal sealed class CallDeadline : IDisposable
{
    readonly EndpointOptions options;
    readonly TimeProvider clock;
    readonly long start;
    readonly CancellationToken canceled;
    readonly CancellationToken stopping;
    readonly CancellationTokenSource timer;
    readonly CancellationTokenSource any;
    FailureKind onTimer = FailureKind.TimedOut;
    TimeSpan? firstByte;

    public CallDeadline(EndpointOptions options, TimeProvider clock, CancellationToken canceled, CancellationToken stopping)
    {
        (this.options, this.clock, this.canceled, this.stopping) = (options, clock, canceled, stopping);
        start = clock.GetTimestamp();
        timer = new CancellationTokenSource(options.Timeout, clock);
        any = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, canceled, stopping);
    }

    public CancellationToken Token => any.Token;

    /// <summary>Why <see cref="Token"/> was cancelled; null while it was not.</summary>
    public FailureKind? Cause =>
        canceled.IsCancellationRequested ? FailureKind.Canceled
        : stopping.IsCancellationRequested ? FailureKind.ShutDown
        : timer.IsCancellationRequested ? onTimer
        : null;

    public CallTiming Timing => new(firstByte, clock.GetElapsedTime(start));

    /// <summary>Some bytes of the body came.</summary>
    public void BodyReceived()
    {
        var passed = clock.GetElapsedTime(start);
        firstByte ??= passed;
        var left = (2 * options.Timeout) - passed;
        onTimer = left > options.IdleTimeout ? FailureKind.BodyStalled : FailureKind.BodyOverdue;
        timer.CancelAfter(left <= TimeSpan.Zero ? TimeSpan.Zero : left < options.IdleTimeout ? left : options.IdleTimeout);
    }

    public void Dispose()
    {
        any.Dispose();
        timer.Dispose();
    }
}
