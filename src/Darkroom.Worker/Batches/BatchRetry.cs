using System.Security.Cryptography;
using System.Text;
using Darkroom.Migrations;
using Darkroom.Migrations.Rows;
using Darkroom.Worker.Observability;
using Darkroom.Worker.Submission;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Batches;

/// <summary>
/// Makes a new batch of the lines of an ended one that have no result. The old one stays as it was: its files, its counts and its event have
/// been told. One statement copies the lines, however many, in their order.
/// </summary>
internal sealed class BatchRetry(IDbContextFactory<DarkroomDb> databases, DarkroomMetrics metrics)
{
    /// <param name="old">Ended.</param>
    /// <param name="keyId">The API key that asks.</param>
    public async Task<RetriedBatch> RetryAsync(Batch old, Guid? keyId, SubmissionKey key, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        while (true)
        {
            var id = Guid.CreateVersion7();
            await using (var transaction = await db.Database.BeginTransactionAsync(ct))
            {
                if (await key.TakeAsync(db, old.ProjectId, id, ct))
                {
                    var copied = await CopyAsync(db, old.Id, id, keyId, ct);
                    if (copied.Count == 0)
                        return new(null, Replayed: false);
                    await transaction.CommitAsync(ct);
                    foreach (var kind in copied)
                        metrics.JobsSubmitted(kind.Endpoint, kind.Model, kind.Lines);
                    return new(await db.Batches.AsNoTracking().SingleAsync(b => b.Id == id, ct), Replayed: false);
                }
            }
            // Where it is free again it has expired between the two statements.
            if (await key.FindAsync(db, old.ProjectId, ct) is { } found)
                return new(key.IsFor(found) ? await db.Batches.AsNoTracking().SingleOrDefaultAsync(b => b.Id == found.BatchId, ct) : null, Replayed: true);
        }
    }

    /// <summary>What is asked for, whatever its spelling.</summary>
    public static byte[] Sha256Of(Guid old) => SHA256.HashData(Encoding.UTF8.GetBytes($"retry-failed {old}"));

    /// <summary>Ids of lines are UUIDv7 whose 12 bits after the millisecond count, as those read from a file: they ascend in the order of the old ones.</summary>
    static Task<List<KindOfLines>> CopyAsync(DarkroomDb db, Guid old, Guid id, Guid? keyId, CancellationToken ct) => db.Database.SqlQuery<KindOfLines>($"""
        WITH line AS (
            SELECT j.*, (extract(epoch FROM darkroom.now()) * 1000)::bigint * 4096 + row_number() OVER (ORDER BY j.created_at, j.id) AS number
            FROM darkroom.jobs AS j WHERE j.batch_id = {old} AND j.status IN ('failed', 'canceled')
        ), batch AS (
            INSERT INTO darkroom.batches (id, project_id, key_id, status, input_file_id, completion_window, metadata, model, priority, max_attempts,
                max_unknown_attempts, on_unknown, webhook_url, retry_of, skip_invalid, output_base64, output_expires_after, total, succeeded, failed, held,
                canceled, skipped_lines, created_at, in_progress_at, expires_at)
            SELECT {id}, project_id, {keyId}::uuid, 'in_progress', input_file_id, completion_window, metadata, model, priority, max_attempts,
                max_unknown_attempts, on_unknown, webhook_url, id, skip_invalid, output_base64, output_expires_after, (SELECT count(*) FROM line), 0, 0, 0,
                0, 0, darkroom.now(), darkroom.now(), darkroom.now() + (expires_at - created_at)
            FROM darkroom.batches
            WHERE id = {old} AND status IN ('completed', 'expired', 'cancelled') AND EXISTS (SELECT FROM line)
            RETURNING id, project_id, key_id
        ), copied AS (
            INSERT INTO darkroom.jobs (id, project_id, batch_id, key_id, lane, endpoint, custom_id, model, prompt, quality, n, size, metadata, priority,
                deadline, max_attempts, max_unknown_attempts, on_unknown, status, due_at, ticket, tokens_taken, attempts, counted_attempts, unknown_attempts,
                cost_amount, cost_possible, created_at)
            SELECT (lpad(to_hex(l.number >> 12), 12, '0') || '7' || lpad(to_hex(l.number & 4095), 3, '0') || substr(replace(gen_random_uuid()::text, '-', ''), 17))::uuid,
                b.project_id, b.id, b.key_id, b.id, l.endpoint, l.custom_id, l.model, l.prompt, l.quality, l.n, l.size, l.metadata, l.priority,
                l.deadline, l.max_attempts, l.max_unknown_attempts, l.on_unknown, 'queued', darkroom.now(), 0, 0, 0, 0, 0,
                CASE WHEN l.cost_amount IS NOT NULL THEN 0 END, CASE WHEN l.cost_amount IS NOT NULL THEN 0 END, darkroom.now()
            FROM line AS l CROSS JOIN batch AS b
            RETURNING endpoint, model
        )
        SELECT endpoint, model, count(*)::int AS lines FROM copied GROUP BY endpoint, model
        """).ToListAsync(ct);
}

/// <param name="Batch">The new batch, or the one that the same key led to before; null where there is nothing to retry, or, if <paramref name="Replayed"/>, where the key stands for something else.</param>
internal readonly record struct RetriedBatch(Batch? Batch, bool Replayed);
