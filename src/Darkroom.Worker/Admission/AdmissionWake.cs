namespace Darkroom.Worker.Admission;

/// <summary>Wakes this node's admission loop before its second is over. Any number of wakes while it works count as one.</summary>
internal sealed class AdmissionWake(TimeProvider clock)
{
    TaskCompletionSource woken = New();

    public void Wake() => Volatile.Read(ref woken).TrySetResult();

    /// <summary>Returns at the next wake, at one that came since the last return, or after <paramref name="atMost"/>.</summary>
    public async Task WaitAsync(TimeSpan atMost, CancellationToken ct)
    {
        try
        {
            await Volatile.Read(ref woken).Task.WaitAsync(atMost, clock, ct);
        }
        catch (TimeoutException)
        {
        }
        Volatile.Write(ref woken, New());
    }

    static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
