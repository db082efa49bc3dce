using Darkroom.Migrations;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Retention;

/// <summary>
/// Removes ended batches that are old enough, once none of their lines is left, and ends the time of the files they wrote; those go by the
/// sweep of files. One statement: a batch that is gone leaves no file behind.
/// </summary>
internal sealed class EndedBatches(IDbContextFactory<DarkroomDb> databases, IOptions<RetentionOptions> options)
{
    /// <returns>Whether there may be more.</returns>
    public async Task<bool> RemoveAsync(CancellationToken ct)
    {
        const int AtOnce = 100;
        if (options.Value.Batches is not { } age)
            return false;
        await using var db = await databases.CreateDbContextAsync(ct);
        var removed = (await db.Database.SqlQuery<int>($"""
            WITH old AS (
                DELETE FROM darkroom.batches WHERE id IN (
                    SELECT id FROM darkroom.batches AS b
                    WHERE status IN ('completed', 'failed', 'expired', 'cancelled')
                      AND coalesce(completed_at, failed_at, expired_at, cancelled_at) < darkroom.now() - {age}
                      AND NOT EXISTS (SELECT FROM darkroom.jobs WHERE batch_id = b.id)
                    LIMIT {AtOnce} FOR UPDATE SKIP LOCKED)
                RETURNING output_file_id, error_file_id
            ), files AS (
                UPDATE darkroom.files AS f SET expires_at = darkroom.now() FROM old WHERE f.id IN (old.output_file_id, old.error_file_id)
            )
            SELECT count(*)::int AS "Value" FROM old
            """).ToListAsync(ct)).Single();
        return removed == AtOnce;
    }
}
