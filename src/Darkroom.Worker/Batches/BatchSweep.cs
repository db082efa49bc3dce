using Darkroom.Migrations;
using Darkroom.Worker.Admission;
using Darkroom.Worker.Database;
using Darkroom.Worker.Execution;
using Darkroom.Worker.Jobs;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Batches;

/// <summary>
/// Runs on every worker node; one at a time keeps the counters, ends the lines of batches that are cancelled or whose time is over, and ends
/// batches: when work is told of and at least every second. Two at it at once would do no harm.
/// </summary>
internal sealed partial class BatchSweep(
    IDbContextFactory<DarkroomDb> databases, BatchTransitions batches, JobTransitions jobs, NodeIdentity node, WorkSignal work,
    [FromKeyedServices(BatchSetup.Wake)] AdmissionWake wake, TimeProvider clock, ILogger<BatchSweep> logger) : BackgroundService
{
    static readonly TimeSpan Interval = TimeSpan.FromSeconds(1), Shortest = TimeSpan.FromMilliseconds(100), LeaseTime = TimeSpan.FromSeconds(3);

    /// <summary>Deltas folded, and lines ended, in one transaction: few enough that nobody waits for it, many enough for 50,000 in seconds.</summary>
    const int Deltas = 5000, Lines = 2000;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                while (await TakeTurnAsync(stoppingToken) && await PassAsync(stoppingToken))
                {
                }
            }
            catch (Exception e) when (DatabaseOutage.OrDefect(e, logger))
            {
                Log.PutOff(logger, e.GetBaseException().Message);
            }
            // Completions come in bursts, and one pass sees all of them.
            await Task.Delay(Shortest, clock, stoppingToken);
            await wake.WaitAsync(Interval, stoppingToken);
        }
    }

    async Task<bool> TakeTurnAsync(CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        return await db.Database.ExecuteSqlAsync($"""
            INSERT INTO darkroom.leases AS l (name, node_id, until) VALUES ('batches', {node.Id}, darkroom.now() + {LeaseTime})
            ON CONFLICT (name) DO UPDATE SET node_id = excluded.node_id, until = excluded.until
            WHERE l.node_id = excluded.node_id OR l.until <= darkroom.now()
            """, ct) > 0;
    }

    /// <summary>The counters first: what follows asks them how many lines are still open.</summary>
    /// <returns>Whether there is more to do at once.</returns>
    public async Task<bool> PassAsync(CancellationToken ct)
    {
        var more = await batches.FoldAsync(Deltas, ct) == Deltas;
        await batches.ExpireAsync(ct);
        more |= await jobs.ExpireLinesAsync(Lines, ct) > 0;
        more |= await jobs.CancelLinesAsync(Lines, ct) > 0;
        if (await batches.EndAsync(ct) > 0)
            work.Raise(); // Some node writes their files.
        return more;
    }

    static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Batches are seen to later: {Reason}")]
        public static partial void PutOff(ILogger logger, string reason);
    }
}
