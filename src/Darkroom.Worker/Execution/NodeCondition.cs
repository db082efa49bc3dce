using System.Collections.Concurrent;

namespace Darkroom.Worker.Execution;

/// <summary>Whether this node takes new work now, and in words why not. Each part of the node that can object has a reason of its own.</summary>
internal sealed class NodeCondition(TimeProvider clock) : IDisposable
{
    readonly ConcurrentDictionary<string, string> objections = new();
    readonly ManualResetEventSlim accepting = new(initialState: true);
    readonly Lock change = new();
    long lastHeartbeat = clock.GetTimestamp();

    public bool Accepting => accepting.IsSet;

    /// <summary>All objections in words, or null while the node takes work.</summary>
    public string? Reason => objections.IsEmpty ? null : string.Join("; ", objections.Values);

    /// <summary>Sets or, with null, lifts the objection of one part.</summary>
    public void Set(string part, string? objection)
    {
        lock (change)
        {
            if (objection is null)
                objections.TryRemove(part, out _);
            else
                objections[part] = objection;
            if (objections.IsEmpty)
                accepting.Set();
            else
                accepting.Reset();
        }
    }

    public void WaitUntilAccepting(CancellationToken ct) => accepting.Wait(ct);

    /// <summary>Monotonic, and taken before the heartbeat was sent: what others see is never older than this says.</summary>
    public void HeartbeatSucceeded(long sentAt) => Volatile.Write(ref lastHeartbeat, sentAt);

    /// <summary>A mark of the last good heartbeat, for <see cref="Since"/>.</summary>
    public long LastHeartbeat => Volatile.Read(ref lastHeartbeat);

    public TimeSpan SinceHeartbeat => Since(LastHeartbeat);

    public TimeSpan Since(long heartbeat) => clock.GetElapsedTime(heartbeat);

    public void Dispose() => accepting.Dispose();
}
