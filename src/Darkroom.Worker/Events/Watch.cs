using Darkroom.Worker.Admission;

namespace Darkroom.Worker.Events;

/// <summary>One waiter's interest in a job or batch, until it is disposed. Any number of changes while the waiter works count as one.</summary>
internal sealed class Watch(Guid subject, AdmissionWake wake, Action<Watch> end) : IDisposable
{
    public Guid Subject => subject;

    public void Wake() => wake.Wake();

    /// <summary>Returns when something may have changed since the last return, or after <paramref name="atMost"/>.</summary>
    public Task WaitAsync(TimeSpan atMost, CancellationToken ct) => wake.WaitAsync(atMost, ct);

    public void Dispose() => end(this);
}
