using Darkroom.Migrations;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Usage;

/// <summary>
/// Folds <c>usage_deltas</c> into <c>usage_totals</c>, so that the deltas stay few and a year of usage is read in milliseconds.
/// One statement: a crash folds a delta wholly or not at all.
/// </summary>
internal sealed class UsageFold(IDbContextFactory<DarkroomDb> databases)
{
    /// <returns>How many deltas were folded, at most <paramref name="atMost"/>.</returns>
    public async Task<int> FoldAsync(int atMost, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        return (await db.Database.SqlQuery<int>($"""
            WITH folded AS (
                DELETE FROM darkroom.usage_deltas
                WHERE id IN (SELECT id FROM darkroom.usage_deltas ORDER BY id LIMIT {atMost} FOR UPDATE SKIP LOCKED)
                RETURNING *
            ), added AS (
                INSERT INTO darkroom.usage_totals AS t (day, project_id, batch_id, endpoint, model, quality, size,
                    attempts, unknown_attempts, images, input_tokens, output_tokens, total_tokens, cost, wasted_cost, possible_cost, unpriced)
                SELECT day, project_id, batch_id, endpoint, model, quality, size,
                    sum(attempts), sum(unknown_attempts), sum(images), sum(input_tokens), sum(output_tokens), sum(total_tokens),
                    sum(cost), sum(wasted_cost), sum(possible_cost), sum(unpriced)
                FROM folded GROUP BY day, project_id, batch_id, endpoint, model, quality, size
                ORDER BY day, project_id, batch_id, endpoint, model, quality, size
                ON CONFLICT (day, project_id, batch_id, endpoint, model, quality, size) DO UPDATE SET
                    attempts = t.attempts + excluded.attempts, unknown_attempts = t.unknown_attempts + excluded.unknown_attempts,
                    images = t.images + excluded.images, input_tokens = t.input_tokens + excluded.input_tokens,
                    output_tokens = t.output_tokens + excluded.output_tokens, total_tokens = t.total_tokens + excluded.total_tokens,
                    cost = t.cost + excluded.cost, wasted_cost = t.wasted_cost + excluded.wasted_cost,
                    possible_cost = t.possible_cost + excluded.possible_cost, unpriced = t.unpriced + excluded.unpriced
                RETURNING 1
            )
            SELECT count(*)::int AS "Value" FROM folded
            """).ToListAsync(ct)).Single();
    }
}
