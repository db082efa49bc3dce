using Darkroom.Migrations;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Execution;

/// <summary>
/// Judges other nodes by this node's own watch alone: a heartbeat that has not changed for <c>RescueAfter</c> while our own all succeeded.
/// An outage of the database, or a freeze of everyone, restarts the watch and rescues nobody.
/// </summary>
internal sealed partial class NodeWatch(
    IDbContextFactory<DarkroomDb> databases, NodeIdentity node, Rescue rescue, IOptions<WorkerOptions> options, TimeProvider clock,
    ILogger<NodeWatch> logger)
{
    readonly Dictionary<Guid, (DateTimeOffset Heartbeat, long Since)> seen = [];
    long? lastLook;

    public void Restart()
    {
        seen.Clear();
        lastLook = null;
    }

    /// <summary>One look; called after each good heartbeat of our own.</summary>
    public async Task LookAsync(CancellationToken ct)
    {
        // This node was itself frozen or cut off: what it remembers of the others is worth nothing.
        if (lastLook is { } last && clock.GetElapsedTime(last) > options.Value.HeartbeatInterval * 2.5)
            Restart();
        lastLook = clock.GetTimestamp();

        foreach (var silent in await SilentAsync(ct))
        {
            Log.Silent(logger, silent.Name, options.Value.RescueAfter.TotalSeconds);
            await rescue.MarkLostAsync(silent.Id, silent.Heartbeat, ct);
        }
        await rescue.OpenCallsAsync(ct);
    }

    async Task<List<Beat>> SilentAsync(CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        var others = await db.Nodes.Where(n => n.EndedAt == null && n.Id != node.Id).Select(n => new Beat(n.Id, n.Name, n.HeartbeatAt)).ToListAsync(ct);
        foreach (var gone in seen.Keys.Except(others.Select(o => o.Id)).ToList())
            seen.Remove(gone);

        var silent = new List<Beat>();
        foreach (var other in others)
        {
            if (!seen.TryGetValue(other.Id, out var before) || before.Heartbeat != other.Heartbeat)
                seen[other.Id] = (other.Heartbeat, clock.GetTimestamp());
            else if (clock.GetElapsedTime(before.Since) >= options.Value.RescueAfter)
                silent.Add(other);
        }
        return silent;
    }

    sealed record Beat(Guid Id, string Name, DateTimeOffset Heartbeat);

    static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Node {Name} has been silent for {Seconds} s and is taken for dead.")]
        public static partial void Silent(ILogger logger, string name, double seconds);
    }
}
