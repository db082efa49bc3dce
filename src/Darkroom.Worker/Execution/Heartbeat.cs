using Darkroom.Migrations;
using Darkroom.Worker.Admission;
using Darkroom.Worker.Database;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Execution;

/// <summary>Says every few seconds that this node is alive and what it takes: one UPDATE, however many jobs it runs.</summary>
internal sealed partial class Heartbeat(
    IDbContextFactory<DarkroomDb> databases, NodeIdentity node, NodeCondition condition, NodeWatch watch, WorkSignal work,
    IOptions<WorkerOptions> options, TimeProvider clock, ILogger<Heartbeat> logger) : BackgroundService
{
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        // Registered before anything else of the node starts: a claim needs a node whose silence can be noticed.
        await TryBeatAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.HeartbeatInterval, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (await TryBeatAsync(stoppingToken))
                await TryLookAsync(stoppingToken);
        }
    }

    async Task<bool> TryBeatAsync(CancellationToken ct)
    {
        try
        {
            await BeatAsync(ct);
            return true;
        }
        catch (Exception e) when (DatabaseOutage.OrDefect(e, logger))
        {
            watch.Restart();
            condition.Set("database", $"the database cannot be reached: {e.Message}");
            Log.Missed(logger, e.Message);
            return false;
        }
    }

    async Task TryLookAsync(CancellationToken ct)
    {
        try
        {
            await watch.LookAsync(ct);
        }
        catch (Exception e) when (DatabaseOutage.OrDefect(e, logger))
        {
            watch.Restart();
            Log.Missed(logger, e.Message);
        }
    }

    async Task BeatAsync(CancellationToken ct)
    {
        var sentAt = clock.GetTimestamp();
        await using var db = await databases.CreateDbContextAsync(ct);
        db.Database.SetCommandTimeout(options.Value.FreshFor);
        // A node that was taken for dead and is not comes back by its next heartbeat; what it ran was rescued and stays so.
        await db.Database.ExecuteSqlAsync($"""
            INSERT INTO darkroom.nodes (id, name, started_at, heartbeat_at, slots, accepting, not_accepting_reason, lost)
            VALUES ({node.Id}, {node.Name}, darkroom.now(), darkroom.now(), {options.Value.Slots}, {condition.Accepting}, {condition.Reason}, false)
            ON CONFLICT (id) DO UPDATE SET heartbeat_at = darkroom.now(), accepting = excluded.accepting,
                not_accepting_reason = excluded.not_accepting_reason, ended_at = NULL, lost = false
            """, ct);
        condition.HeartbeatSucceeded(sentAt);
        condition.Set("database", null);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await using var db = await databases.CreateDbContextAsync(CancellationToken.None);
            await db.Nodes.Where(n => n.Id == node.Id).ExecuteUpdateAsync(set => set
                .SetProperty(n => n.Accepting, false)
                .SetProperty(n => n.EndedAt, n => DarkroomDb.Now()), CancellationToken.None);
            work.Raise();
        }
        catch (Exception e) when (DatabaseOutage.OrDefect(e, logger))
        {
            Log.Missed(logger, e.Message);
        }
    }

    static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "No heartbeat: {Reason}. The node claims nothing until the database is back.")]
        public static partial void Missed(ILogger logger, string reason);
    }
}
