using Darkroom.Migrations;
using Darkroom.Worker.Database;
using Darkroom.Worker.Execution;
using Darkroom.Worker.Files;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Retention;

/// <summary>Runs on every worker node; once a minute one of them has its turn to remove what is old enough.</summary>
internal sealed partial class RetentionSweep(
    IDbContextFactory<DarkroomDb> databases, Removal removal, EndedBatches batches, StoredFiles files, NodeIdentity node, TimeProvider clock, ILogger<RetentionSweep> logger) : BackgroundService
{
    static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await Task.Delay(Interval, clock, stoppingToken);
            try
            {
                if (await TakeTurnAsync(stoppingToken))
                    await SweepAsync(stoppingToken);
            }
            catch (Exception e) when (DatabaseOutage.OrDefect(e, logger))
            {
                Log.PutOff(logger, e.GetBaseException().Message);
            }
        }
    }

    /// <summary>Two nodes at it would do no harm, only twice the work; hence a turn that runs out and no lock.</summary>
    async Task<bool> TakeTurnAsync(CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        return await db.Database.ExecuteSqlAsync($"""
            INSERT INTO darkroom.leases AS l (name, node_id, until) VALUES ('retention', {node.Id}, darkroom.now() + {Interval})
            ON CONFLICT (name) DO UPDATE SET node_id = excluded.node_id, until = excluded.until WHERE l.until <= darkroom.now()
            """, ct) > 0;
    }

    /// <summary>Everything that is old enough now, or as much of it as one turn's time allows.</summary>
    public async Task SweepAsync(CancellationToken ct)
    {
        var started = clock.GetTimestamp();
        Func<CancellationToken, Task<bool>>[] parts = [removal.PicturesAsync, removal.AttemptsAsync, removal.JobsAsync, batches.RemoveAsync, files.RemoveExpiredAsync,
            removal.IdempotencyKeysAsync, removal.DeliveriesAsync, removal.AuditLogAsync];
        foreach (var part in parts)
        {
            while (await part(ct) && clock.GetElapsedTime(started) < Interval)
            {
            }
        }
        await removal.LeftoversAsync(ct);
    }

    static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Old work is removed later: {Reason}")]
        public static partial void PutOff(ILogger logger, string reason);
    }
}
