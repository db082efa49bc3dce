using Darkroom.Migrations;
using Darkroom.Migrations.Rows;
using Darkroom.Worker.Webhooks;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Batches;

/// <summary>The last step, on whichever node claims it.</summary>
internal sealed partial class BatchTransitions
{
    /// <summary>How long a silent node keeps a claim; it renews it all the while.</summary>
    public static readonly TimeSpan ClaimTime = TimeSpan.FromSeconds(30);

    /// <summary>Takes a <c>finalizing</c> batch that nobody is writing the files of.</summary>
    public async Task<Batch?> ClaimFinalizingAsync(CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        return (await db.Batches.FromSql($"""
            UPDATE darkroom.batches SET claimed_until = darkroom.now() + {ClaimTime}
            WHERE id = (SELECT id FROM darkroom.batches WHERE status = 'finalizing' AND (claimed_until IS NULL OR claimed_until <= darkroom.now())
                        ORDER BY finalizing_at LIMIT 1 FOR UPDATE SKIP LOCKED)
            RETURNING *
            """).AsNoTracking().ToListAsync(ct)).SingleOrDefault();
    }

    public async Task RenewAsync(Guid id, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        await db.Batches.Where(b => b.Id == id && b.Status == BatchStatus.Finalizing)
            .ExecuteUpdateAsync(set => set.SetProperty(b => b.ClaimedUntil, b => DarkroomDb.Now() + ClaimTime), ct);
    }

    /// <summary>
    /// <c>finalizing</c> -> <c>cancelled</c>, <c>expired</c> or <c>completed</c>, with its files, counts and event in one transaction. From here on it
    /// stays as it is. Where two nodes came to it, one wins; the other's files go in a day.
    /// </summary>
    public async Task<bool> FinishAsync(Guid id, BatchResults results, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var finished = (await db.Batches.FromSql($"""
            UPDATE darkroom.batches SET
                status = CASE WHEN cancelling_at IS NOT NULL THEN 'cancelled' WHEN expiring_at IS NOT NULL THEN 'expired' ELSE 'completed' END,
                cancelled_at = CASE WHEN cancelling_at IS NOT NULL THEN darkroom.now() END,
                expired_at = CASE WHEN cancelling_at IS NULL AND expiring_at IS NOT NULL THEN darkroom.now() END,
                completed_at = CASE WHEN cancelling_at IS NULL AND expiring_at IS NULL THEN darkroom.now() END,
                succeeded = {results.Succeeded}, failed = {results.Failed}, canceled = {results.Canceled}, held = 0,
                output_file_id = {results.OutputFileId}::uuid, error_file_id = {results.ErrorFileId}::uuid, claimed_until = NULL
            WHERE id = {id} AND status = 'finalizing' RETURNING *
            """).AsNoTracking().ToListAsync(ct)).SingleOrDefault();
        if (finished is null)
            return false;
        Guid[] written = [.. new[] { results.OutputFileId, results.ErrorFileId }.OfType<Guid>()];
        var lifetime = finished.OutputExpiresAfter is { } seconds ? TimeSpan.FromSeconds(seconds) : (TimeSpan?)null;
        await db.Files.Where(f => written.Contains(f.Id)).ExecuteUpdateAsync(set => set.SetProperty(f => f.ExpiresAt, f => DarkroomDb.Now() + lifetime), ct);
        await WebhookEvents.RaiseOfBatchAsync(db, id, ct);
        await transaction.CommitAsync(ct);
        return true;
    }
}
