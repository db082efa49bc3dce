using Darkroom.Migrations;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Batches;

/// <summary>What is told of batches beyond their rows: exact counts, what runs, usage, cost and pace. One statement for a page of them, each part from an index.</summary>
internal sealed class BatchFigures(IDbContextFactory<DarkroomDb> databases)
{
    /// <summary>"Lately", for the pace.</summary>
    static readonly TimeSpan Lately = TimeSpan.FromMinutes(2);

    public async Task<Dictionary<Guid, BatchFigure>> ReadAsync(Guid[] ids, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        return await db.Database.SqlQuery<BatchFigure>($"""
            WITH running AS (
                SELECT batch_id, count(*)::int AS lines FROM darkroom.jobs WHERE status = 'running' AND batch_id = ANY ({ids}) GROUP BY batch_id
            ), used AS (
                SELECT batch_id, sum(images)::bigint AS images, sum(input_tokens)::bigint AS input_tokens, sum(output_tokens)::bigint AS output_tokens,
                    sum(total_tokens)::bigint AS total_tokens, sum(cost) AS cost, sum(possible_cost) AS possible_cost, sum(unpriced) AS unpriced
                FROM (SELECT batch_id, images, input_tokens, output_tokens, total_tokens, cost, possible_cost, unpriced
                      FROM darkroom.usage_totals WHERE batch_id = ANY ({ids}) AND batch_id <> '00000000-0000-0000-0000-000000000000'
                      UNION ALL
                      SELECT batch_id, images, input_tokens, output_tokens, total_tokens, cost, possible_cost, unpriced
                      FROM darkroom.usage_deltas WHERE batch_id = ANY ({ids})) AS u
                GROUP BY batch_id
            ), late AS (
                SELECT batch_id, sum(succeeded) AS succeeded, sum(failed) AS failed, sum(held) AS held, sum(canceled) AS canceled
                FROM darkroom.batch_deltas WHERE batch_id = ANY ({ids}) GROUP BY batch_id
            ), lately AS (
                SELECT batch_id, count(*) AS lines, sum(n) FILTER (WHERE status = 'succeeded') AS images
                FROM darkroom.jobs WHERE finished_at > darkroom.now() - {Lately} AND batch_id = ANY ({ids}) GROUP BY batch_id
            )
            SELECT b.id, darkroom.now() AS now, (b.succeeded + coalesce(late.succeeded, 0))::int AS succeeded, (b.failed + coalesce(late.failed, 0))::int AS failed,
                (b.held + coalesce(late.held, 0))::int AS held, (b.canceled + coalesce(late.canceled, 0))::int AS canceled, coalesce(running.lines, 0) AS running, coalesce(used.images, 0) AS images, used.input_tokens, used.output_tokens,
                nullif(used.total_tokens, 0) AS total_tokens, CASE WHEN used.unpriced > 0 AND used.cost = 0 THEN NULL ELSE coalesce(used.cost, 0) END AS cost,
                coalesce(used.possible_cost, 0) AS possible_cost,
                (CASE WHEN b.status = 'in_progress' THEN lately.images / minutes.since END)::float8 AS images_per_minute,
                (CASE WHEN b.status = 'in_progress' THEN lately.lines / minutes.since END)::float8 AS lines_per_minute
            FROM darkroom.batches AS b
            LEFT JOIN running ON running.batch_id = b.id LEFT JOIN used ON used.batch_id = b.id LEFT JOIN lately ON lately.batch_id = b.id
            LEFT JOIN late ON late.batch_id = b.id AND b.status NOT IN ('failed', 'completed', 'expired', 'cancelled')
            CROSS JOIN LATERAL (SELECT greatest(extract(epoch FROM least({Lately}, darkroom.now() - coalesce(b.in_progress_at, b.created_at))) / 60, 0.01) AS since) AS minutes
            WHERE b.id = ANY ({ids})
            """).ToDictionaryAsync(f => f.Id, ct);
    }
}

/// <param name="Succeeded">With what is not folded into the counters yet, as all four counts.</param>
/// <param name="Images">Stored.</param>
/// <param name="TotalTokens">Null while no usage has come.</param>
/// <param name="Cost">US$; null where nothing of it has a price.</param>
/// <param name="ImagesPerMinute">Null where nothing has come lately.</param>
internal sealed record BatchFigure(
    Guid Id, DateTimeOffset Now, int Succeeded, int Failed, int Held, int Canceled, int Running, long Images, long? InputTokens, long? OutputTokens, long? TotalTokens, decimal? Cost, decimal? PossibleCost,
    double? ImagesPerMinute, double? LinesPerMinute);
