using System.Globalization;
using Darkroom.Client;
using Darkroom.Migrations;
using Darkroom.Worker.Api;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Usage;

/// <summary>Sums usage at this moment: what the sweep has folded and what it has not, read in one statement so that nothing counts twice.</summary>
internal static class UsageReport
{
    const string Figures = """
        day, project_id, batch_id, endpoint, model, quality, size, attempts, unknown_attempts, images, input_tokens, output_tokens,
        total_tokens, cost, wasted_cost, possible_cost, unpriced
        """;

    /// <returns>Up to one line more than the limit.</returns>
    public static async Task<List<UsageLine>> ReadAsync(DarkroomDb db, Guid projectId, UsageQuery query, CancellationToken ct)
    {
        object[] parameters = [projectId, query.Start, query.End, query.Limit + 1, .. query.After ?? []];
        var rows = await db.Database.SqlQueryRaw<UsageRow>(Sql(query), parameters).ToListAsync(ct);
        return [.. rows.Select(row => row.Line(query.Groups))];
    }

    /// <summary>Of the query, only names from <see cref="UsageGroup.All"/> become part of the text; its values are parameters.</summary>
    static string Sql(UsageQuery query)
    {
        var columns = string.Join(", ", query.Groups.Select(g => g.Column));
        var shown = string.Join(", ", UsageGroup.All.Select(g => query.Groups.Contains(g) ? g.Column : $"NULL::{g.Type} AS {g.Column}"));
        var cursor = string.Join(", ", query.Groups.Select((g, i) => $"{{{i + 4}}}::text::{g.Type}"));
        return $$"""
            SELECT {{shown}},
                coalesce(sum(images), 0)::bigint AS images, coalesce(sum(attempts), 0)::bigint AS attempts,
                coalesce(sum(unknown_attempts), 0)::bigint AS unknown_attempts, coalesce(sum(input_tokens), 0)::bigint AS input_tokens,
                coalesce(sum(output_tokens), 0)::bigint AS output_tokens, coalesce(sum(total_tokens), 0)::bigint AS total_tokens,
                coalesce(sum(cost), 0) AS cost, coalesce(sum(wasted_cost), 0) AS wasted_cost,
                coalesce(sum(possible_cost), 0) AS possible_cost, coalesce(sum(unpriced), 0)::bigint AS unpriced
            FROM (
                SELECT {{Figures}} FROM darkroom.usage_totals WHERE project_id = {0} AND day >= {1} AND day < {2}
                UNION ALL
                SELECT {{Figures}} FROM darkroom.usage_deltas WHERE project_id = {0} AND day >= {1} AND day < {2}
            ) AS usage
            {{(query.After is null || columns == "" ? "" : $"WHERE ({columns}) > ({cursor})")}}
            {{(columns == "" ? "" : $"GROUP BY {columns} ORDER BY {columns}")}}
            LIMIT {3}
            """;
    }
}

/// <summary>One line as Postgres sums it; what is not grouped by is null.</summary>
internal sealed record UsageRow(
    DateOnly? Day, Guid? ProjectId, Guid? BatchId, string? Endpoint, string? Model, string? Quality, string? Size,
    long Images, long Attempts, long UnknownAttempts, long InputTokens, long OutputTokens, long TotalTokens,
    decimal Cost, decimal WastedCost, decimal PossibleCost, long Unpriced)
{
    public UsageLine Line(UsageGroup[] groups) => new()
    {
        Id = UsageQuery.IdOf(groups.Select(Value)),
        Day = Day,
        Project = ProjectId is { } project ? WireId.Project.Format(project) : null,
        Batch = BatchId is { } batch && batch != Guid.Empty ? WireId.Batch.Format(batch) : null,
        Endpoint = Endpoint,
        Model = Model,
        Quality = Quality,
        Size = Size,
        Images = Images,
        Attempts = Attempts,
        UnknownAttempts = UnknownAttempts,
        InputTokens = InputTokens,
        OutputTokens = OutputTokens,
        TotalTokens = TotalTokens,
        Cost = new(
            Money.Currency,
            Known(Cost, Unpriced),
            Known(PossibleCost, UnknownAttempts),
            Known(Cost, Unpriced) is null ? null : Money.Plain(WastedCost)),
        Unpriced = Unpriced,
    };

    /// <summary>A sum of nothing but unknown prices is unknown, not 0.</summary>
    static decimal? Known(decimal sum, long withoutPrice) => sum == 0 && withoutPrice > 0 ? null : Money.Plain(sum);

    string Value(UsageGroup group) => group.Name switch
    {
        "day" => Day!.Value.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        "project" => ProjectId!.Value.ToString("d"),
        "batch" => BatchId!.Value.ToString("d"),
        "endpoint" => Endpoint!,
        "model" => Model!,
        "quality" => Quality!,
        _ => Size!,
    };
}
