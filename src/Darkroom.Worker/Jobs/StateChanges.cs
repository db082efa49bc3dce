using Darkroom.Migrations;
using Darkroom.Worker.Webhooks;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Jobs;

/// <summary>
/// What every change of a job's state leaves behind, in its own transaction: an event for those who follow it, a delta for the counters of
/// its batch, and deliveries for those who are to be told. None of them can be there without the change, or the change without them.
/// </summary>
internal static class StateChanges
{
    public static Task RecordAsync(DarkroomDb db, Guid job, string before, CancellationToken ct) => RecordAsync(db, [job], [before], ct);

    /// <param name="jobs">Jobs whose rows this transaction has changed.</param>
    /// <param name="before">The state of each before that.</param>
    public static async Task RecordAsync(DarkroomDb db, Guid[] jobs, string[] before, CancellationToken ct)
    {
        await db.Database.ExecuteSqlAsync($"""
            WITH changed AS (
                SELECT j.id, j.batch_id, j.status, was.status AS before
                FROM unnest({jobs}, {before}) AS was (id, status) JOIN darkroom.jobs AS j ON j.id = was.id
            ), events AS (
                INSERT INTO darkroom.job_events (job_id, batch_id, status, created_at) SELECT id, batch_id, status, darkroom.now() FROM changed
            ), counted AS (
                SELECT batch_id,
                    count(*) FILTER (WHERE status = 'succeeded') - count(*) FILTER (WHERE before = 'succeeded') AS succeeded,
                    count(*) FILTER (WHERE status = 'failed') - count(*) FILTER (WHERE before = 'failed') AS failed,
                    count(*) FILTER (WHERE status = 'held') - count(*) FILTER (WHERE before = 'held') AS held,
                    count(*) FILTER (WHERE status = 'canceled') - count(*) FILTER (WHERE before = 'canceled') AS canceled
                FROM changed WHERE batch_id IS NOT NULL GROUP BY batch_id
            )
            INSERT INTO darkroom.batch_deltas (batch_id, succeeded, failed, held, canceled)
            SELECT batch_id, succeeded, failed, held, canceled FROM counted
            WHERE (succeeded, failed, held, canceled) <> (0, 0, 0, 0)
            """, ct);
        await WebhookEvents.RaiseAsync(db, jobs, ct);
    }
}
