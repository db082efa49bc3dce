using Darkroom.Migrations.Rows;

namespace Darkroom.Worker.Jobs;

/// <summary>
/// What the end of batches does to their lines, a page at a time and of all such batches at once. A line that somebody else has just locked
/// is passed over, never waited for: nothing can deadlock with it, and the next page finds it as it has become.
/// </summary>
internal sealed partial class JobTransitions
{
    const string BatchTimeOver = "The batch's time was over before this line could be sent. Nothing was bought for it by this wait.";
    const string BatchTimeOverWhileHeld = "The batch's time was over before a person had decided about this line. It was held because: ";

    /// <summary><c>queued</c> and <c>held</c> -> <c>canceled</c>, of batches that are being cancelled. Calls in flight are left to finish.</summary>
    /// <returns>How many lines were cancelled, at most <paramref name="atMost"/>.</returns>
    public Task<int> CancelLinesAsync(int atMost, CancellationToken ct) => EndAsync(JobStatus.Canceled, $"""
        WITH line AS (
            SELECT j.id, j.status FROM darkroom.batches AS b JOIN darkroom.jobs AS j ON j.batch_id = b.id
            WHERE b.status = 'cancelling' AND j.status IN ('queued', 'held')
              AND b.total > b.succeeded + b.failed + b.canceled + (SELECT count(*) FROM darkroom.jobs WHERE status = 'running' AND batch_id = b.id)
            LIMIT {atMost} FOR UPDATE OF j SKIP LOCKED
        )
        UPDATE darkroom.jobs AS j SET status = 'canceled', admitted_at = NULL, finished_at = darkroom.now()
        FROM line WHERE j.id = line.id RETURNING j.id, j.endpoint, line.status AS before
        """, ct);

    /// <summary><c>queued</c> and <c>held</c> -> <c>failed</c> with <c>batch_expired</c>, of batches whose time is over. Calls in flight are left to finish.</summary>
    /// <returns>How many lines were ended, at most <paramref name="atMost"/>.</returns>
    public Task<int> ExpireLinesAsync(int atMost, CancellationToken ct) => EndAsync(JobStatus.Failed, $"""
        WITH line AS (
            SELECT j.id, j.status FROM darkroom.batches AS b JOIN darkroom.jobs AS j ON j.batch_id = b.id
            WHERE b.status = 'in_progress' AND b.expiring_at IS NOT NULL AND j.status IN ('queued', 'held')
              AND b.total > b.succeeded + b.failed + b.canceled + (SELECT count(*) FROM darkroom.jobs WHERE status = 'running' AND batch_id = b.id)
            LIMIT {atMost} FOR UPDATE OF j SKIP LOCKED
        )
        UPDATE darkroom.jobs AS j SET status = 'failed', admitted_at = NULL, finished_at = darkroom.now(),
            error_code = 'batch_expired', error_stage = 'queue', error_http_status = NULL, error_request_id = NULL,
            error_message = CASE WHEN line.status = 'held' THEN {BatchTimeOverWhileHeld} || coalesce(j.error_message, '') ELSE {BatchTimeOver} END
        FROM line WHERE j.id = line.id RETURNING j.id, j.endpoint, line.status AS before
        """, ct);
}
