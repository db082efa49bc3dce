using Darkroom.Migrations;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Batches;

/// <summary>
/// What is told of batches beyond what stands in their rows for good: counters, usage, cost and pace. One statement for a page of them, so
/// that all figures are of one moment, each part from an index: counters are the row's and the deltas that are not folded yet,
/// but for a batch that has ended: a result that comes later does not change what was told.
/// </summary>
internal sealed class BatchFigures(IDbContextFactory<DarkroomDb> databases)
{
    /// <summary>"Lately", for the pace.</summary>
    static readonly TimeSpan Lately = TimeSpan.FromMinutes(2);

    public async Task<Dictionary<Guid, BatchFigure>> ReadAsync(Guid[] ids, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        return await db.Database.SqlQuery<BatchFigure>($"""
            WITH unfolded AS (
                SELECT batch_id, sum(succeeded)::int AS succeeded, sum(failed)::int AS failed, sum(held)::int AS held, sum(canceled)::int AS canceled
                FROM darkroom.batch_deltas WHERE batch_id = ANY ({ids}) GROUP BY batch_id
            ), running AS (
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
            ), lately AS (
                SELECT batch_id, count(*)::int AS lines, sum(n) FILTER (WHERE status = 'succeeded')::int AS images
                FROM darkroom.jobs WHERE finished_at > darkroom.now() - {Lately} AND batch_id = ANY ({ids}) GROUP BY batch_id
            )
            SELECT b.id, darkroom.now() AS now, b.total, coalesce(running.lines, 0) AS running,
                b.succeeded + coalesce(d.succeeded, 0) AS succeeded, b.failed + coalesce(d.failed, 0) AS failed,
                b.held + coalesce(d.held, 0) AS held, b.canceled + coalesce(d.canceled, 0) AS canceled,
                coalesce(used.images, 0) AS images, used.input_tokens, used.output_tokens, nullif(used.total_tokens, 0) AS total_tokens,
                CASE WHEN used.unpriced > 0 AND used.cost = 0 THEN NULL ELSE coalesce(used.cost, 0) END AS cost,
                coalesce(used.possible_cost, 0) AS possible_cost, coalesce(lately.lines, 0) AS ended_lately, lately.images AS images_lately,
                least({Lately}, darkroom.now() - coalesce(b.in_progress_at, darkroom.now())) AS lately
            FROM darkroom.batches AS b
            LEFT JOIN unfolded AS d ON d.batch_id = b.id AND b.status NOT IN ('failed', 'completed', 'expired', 'cancelled')
            LEFT JOIN running ON running.batch_id = b.id LEFT JOIN used ON used.batch_id = b.id LEFT JOIN lately ON lately.batch_id = b.id
            WHERE b.id = ANY ({ids})
            """).ToDictionaryAsync(f => f.Id, ct);
    }
}

/// <param name="Images">Stored.</param>
/// <param name="TotalTokens">Null while no usage has come.</param>
/// <param name="Cost">US$; null where nothing of it has a price.</param>
/// <param name="ImagesLately">Of lines that have succeeded within <paramref name="Lately"/>; null where none has.</param>
internal sealed record BatchFigure(
    Guid Id, DateTimeOffset Now, int Total, int Running, int Succeeded, int Failed, int Held, int Canceled, long Images, long? InputTokens,
    long? OutputTokens, long? TotalTokens, decimal? Cost, decimal? PossibleCost, int EndedLately, int? ImagesLately, TimeSpan Lately)
{
    public int Ended => Succeeded + Failed + Canceled;

    public int Queued => Total - Ended - Held - Running;

    public double? ImagesPerMinute => ImagesLately is { } images && Lately > TimeSpan.Zero ? Math.Round(images / Lately.TotalMinutes, 1) : null;
}
