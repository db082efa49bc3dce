using Darkroom.Migrations;
using Darkroom.Migrations.Rows;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Batches;

/// <summary>How a batch comes to its end. Its counters are what the sweep has folded; the sweep alone ends it.</summary>
internal sealed partial class BatchTransitions
{
    /// <summary>
    /// Adds what completions have left in <c>batch_deltas</c> to the counters, and deletes it, in one statement: a crash folds a delta wholly or
    /// not at all. Those of ended batches are dropped: a result that comes later does not change what was told.
    /// </summary>
    /// <returns>How many deltas there were, at most <paramref name="atMost"/>.</returns>
    public async Task<int> FoldAsync(int atMost, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        return (await db.Database.SqlQuery<int>($"""
            WITH folded AS (
                DELETE FROM darkroom.batch_deltas
                WHERE id IN (SELECT id FROM darkroom.batch_deltas ORDER BY id LIMIT {atMost} FOR UPDATE SKIP LOCKED)
                RETURNING *
            ), added AS (
                UPDATE darkroom.batches AS b SET succeeded = b.succeeded + sums.succeeded, failed = b.failed + sums.failed,
                    held = b.held + sums.held, canceled = b.canceled + sums.canceled
                FROM (SELECT batch_id, sum(succeeded) AS succeeded, sum(failed) AS failed, sum(held) AS held, sum(canceled) AS canceled
                      FROM folded GROUP BY batch_id) AS sums
                WHERE b.id = sums.batch_id AND b.status IN ('validating', 'in_progress', 'cancelling', 'finalizing')
            )
            SELECT count(*)::int AS "Value" FROM folded
            """).ToListAsync(ct)).Single();
    }

    /// <summary>Stays <c>in_progress</c>, but nothing more of it is sent: its time is over.</summary>
    public async Task ExpireAsync(CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        await db.Batches.Where(b => b.Status == BatchStatus.InProgress && b.ExpiringAt == null && b.ExpiresAt <= DarkroomDb.Now())
            .ExecuteUpdateAsync(set => set.SetProperty(b => b.ExpiringAt, b => DarkroomDb.Now()), ct);
    }

    /// <summary><c>in_progress</c> or <c>cancelling</c> -> <c>finalizing</c>, of every batch whose lines have all ended.</summary>
    /// <returns>How many there were.</returns>
    public async Task<int> EndAsync(CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        var done = await db.Batches
            .Where(b => (b.Status == BatchStatus.InProgress || b.Status == BatchStatus.Cancelling) && b.Succeeded + b.Failed + b.Canceled == b.Total)
            .Select(b => b.Id).ToListAsync(ct);
        var ended = 0;
        foreach (var id in done)
            ended += await EndAsync(db, id, ct) ? 1 : 0;
        return ended;
    }

    /// <summary>
    /// Two statements: a retry that is putting a line back holds the batch FOR SHARE, and only a statement that begins once it has committed
    /// sees its delta. A line that has just been put back must not be left behind by the end.
    /// </summary>
    static async Task<bool> EndAsync(DarkroomDb db, Guid id, CancellationToken ct)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await db.Database.ExecuteSqlAsync($"SELECT FROM darkroom.batches WHERE id = {id} FOR UPDATE", ct);
        var ended = await db.Database.ExecuteSqlAsync($"""
            UPDATE darkroom.batches SET status = 'finalizing', finalizing_at = darkroom.now(), paused_at = NULL, claimed_until = NULL
            WHERE id = {id} AND status IN ('in_progress', 'cancelling') AND succeeded + failed + canceled = total
              AND NOT EXISTS (SELECT FROM darkroom.batch_deltas WHERE batch_id = {id})
            """, ct) > 0;
        await transaction.CommitAsync(ct);
        return ended;
    }
}
