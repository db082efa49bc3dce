using Darkroom.Migrations;
using Darkroom.Migrations.Rows;
using Darkroom.Worker.Admission;
using Darkroom.Worker.Database;
using Darkroom.Worker.Jobs;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Dashboard.Jobs;

/// <summary>
/// Works off bulk actions, one page of jobs after another, each job by its own transition. The page's end is committed behind it: after a
/// crash another node repeats at most that page, and a transition repeated changes nothing.
/// </summary>
internal sealed partial class BulkRunner(
    IDbContextFactory<DarkroomDb> databases, JobTransitions transitions, WorkSignal work, BulkActions actions, TimeProvider clock,
    ILogger<BulkRunner> logger) : BackgroundService
{
    const int PageSize = 200, Parallel = 4;

    static readonly TimeSpan Interval = TimeSpan.FromSeconds(2), Claimed = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await actions.BegunAsync(Interval, clock, stoppingToken);
            try
            {
                while (await ClaimAsync(stoppingToken) is { } action)
                    await RunAsync(action, stoppingToken);
            }
            catch (Exception e) when (DatabaseOutage.OrDefect(e, logger))
            {
                Log.PutOff(logger, e.GetBaseException().Message);
            }
        }
    }

    async Task<BulkAction?> ClaimAsync(CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        return (await db.BulkActions.FromSql($"""
            UPDATE darkroom.bulk_actions SET claimed_until = darkroom.now() + {Claimed}
            WHERE id = (SELECT id FROM darkroom.bulk_actions WHERE finished_at IS NULL AND claimed_until <= darkroom.now()
                        ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED)
            RETURNING *
            """).AsNoTracking().ToListAsync(ct)).SingleOrDefault();
    }

    async Task RunAsync(BulkAction action, CancellationToken ct)
    {
        var query = BulkActions.Scope(action);
        var after = action.CursorId;
        do
        {
            JobPage page;
            await using (var db = await databases.CreateDbContextAsync(ct))
                page = await JobPages.ReadAsync(db, action.ProjectId, query with { After = after }, PageSize, ct);
            long changed = 0, skipped = 0;
            await System.Threading.Tasks.Parallel.ForEachAsync(page.Rows, new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = ct }, async (job, token) =>
            {
                var change = action.Kind == BulkActions.Cancel
                    ? await transitions.CancelAsync(action.ProjectId, job.Id, token)
                    : await transitions.RetryAsync(action.ProjectId, job.Id, token);
                Interlocked.Increment(ref change is { Won: true } ? ref changed : ref skipped);
            });
            if (action.Kind == BulkActions.Retry && changed > 0)
                work.Raise();
            after = page.More?.Id;
            if (!await AdvanceAsync(action.Id, page.More, changed, skipped, ct))
                return;
        }
        while (after is not null);
    }

    /// <returns>False where a person has stopped it.</returns>
    async Task<bool> AdvanceAsync(Guid id, Job? last, long changed, long skipped, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        return await db.Database.ExecuteSqlAsync($"""
            UPDATE darkroom.bulk_actions
            SET changed = changed + {changed}, skipped = skipped + {skipped}, claimed_until = darkroom.now() + {Claimed},
                cursor_created_at = {last?.CreatedAt}::timestamptz, cursor_id = {last?.Id}::uuid,
                finished_at = CASE WHEN {last is null} THEN darkroom.now() END
            WHERE id = {id} AND finished_at IS NULL
            """, ct) > 0;
    }

    static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Bulk actions go on later: {Reason}")]
        public static partial void PutOff(ILogger logger, string reason);
    }
}
