using System.Collections.Concurrent;

namespace Darkroom.Worker.Execution;

/// <summary>The calls this node has in flight, so that a cancelled job's call is aborted and a drain knows when it is done.</summary>
internal sealed class RunningCalls
{
    readonly ConcurrentDictionary<Guid, CancellationTokenSource> calls = new();

    public int Count => calls.Count;

    public bool Contains(Guid jobId) => calls.ContainsKey(jobId);

    /// <summary>Aborts the job's call if this node makes it.</summary>
    public void Cancel(Guid jobId)
    {
        if (calls.TryGetValue(jobId, out var call))
            call.Cancel();
    }

    /// <summary>Registers a call for as long as the result is not disposed.</summary>
    public Entry Enter(Guid jobId)
    {
        var source = new CancellationTokenSource();
        calls[jobId] = source;
        return new Entry(this, jobId, source);
    }

    internal readonly struct Entry(RunningCalls owner, Guid jobId, CancellationTokenSource source) : IDisposable
    {
        /// <summary>Cancelled when a person cancels the job.</summary>
        public CancellationToken Canceled => source.Token;

        // The source is not disposed: a notice may be cancelling it at this moment, and it holds no timer.
        public void Dispose() => owner.calls.TryRemove(KeyValuePair.Create(jobId, source));
    }
}
