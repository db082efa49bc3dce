using Darkroom.Migrations;
using Darkroom.Worker.Database;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Dashboard.Jobs;

/// <summary>Fills <c>job_search</c> behind the submissions, in the order of their times, so that its last entry of a project says where to go on.</summary>
internal sealed partial class SearchIndex(IDbContextFactory<DarkroomDb> databases, TimeProvider clock, ILogger<SearchIndex> logger) : BackgroundService
{
    const int BatchSize = 2_000;

    static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await Task.Delay(Interval, clock, stoppingToken);
            try
            {
                while (await FillAsync(stoppingToken) >= BatchSize)
                {
                }
            }
            catch (Exception e) when (DatabaseOutage.OrDefect(e, logger))
            {
                Log.PutOff(logger, e.GetBaseException().Message);
            }
        }
    }

    /// <summary>
    /// One turn of one node. Only jobs older than every running transaction: one that commits later with an earlier time would be passed
    /// over for good. The spare second is for a statement whose time is set but whose transaction is not yet shown.
    /// </summary>
    /// <returns>How many jobs were added.</returns>
    public async Task<int> FillAsync(CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        return await db.Database.ExecuteSqlAsync($"""
            INSERT INTO darkroom.job_search (job_id, project_id, created_at, words)
            SELECT next.id, next.project_id, next.created_at, to_tsvector('simple', concat_ws(' ', next.custom_id, next.prompt))
            FROM (SELECT pg_try_advisory_xact_lock(hashtext('darkroom.job_search')) AS mine) AS turn,
                 (SELECT coalesce(min(xact_start), statement_timestamp()) - interval '1 second' + (darkroom.now() - statement_timestamp()) AS until
                  FROM pg_stat_activity
                  WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()) AS settled,
                 darkroom.projects AS p
                 LEFT JOIN LATERAL (
                     SELECT created_at, job_id FROM darkroom.job_search WHERE project_id = p.id ORDER BY created_at DESC, job_id DESC LIMIT 1
                 ) AS last ON true
                 CROSS JOIN LATERAL (
                     SELECT * FROM darkroom.jobs AS j
                     WHERE j.project_id = p.id AND j.created_at < settled.until
                       AND (j.created_at, j.id) > (coalesce(last.created_at, '-infinity'), coalesce(last.job_id, '00000000-0000-0000-0000-000000000000'))
                     ORDER BY j.created_at, j.id LIMIT {BatchSize}
                 ) AS next
            WHERE turn.mine
            ON CONFLICT DO NOTHING
            """, ct);
    }

    static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "New jobs are found by search later: {Reason}")]
        public static partial void PutOff(ILogger logger, string reason);
    }
}
