using Darkroom.Migrations.Rows;
using Darkroom.Worker.Api;

namespace Darkroom.Worker.Dashboard.Batches;

/// <summary>The list's filter as the page's URL holds it.</summary>
/// <param name="After">The page begins behind this batch.</param>
public sealed record BatchesQuery(string[] Statuses, Guid? After)
{
    /// <summary>What was asked for and means nothing; such a field filters nothing, and the page says so.</summary>
    public IReadOnlyList<string> Objections { get; init; } = [];

    internal static BatchesQuery Parse(IQueryCollection query)
    {
        string[] asked = [.. query["status"].SelectMany(v => (v ?? "").Split(',')).Where(v => v != "").Distinct()];
        var objections = asked.Except(BatchStatus.All).Select(s => $"'{s}' is no status, and filters nothing.").ToList();
        Guid? after = null;
        if (query["after"].ToString() is { Length: > 0 } text)
        {
            after = WireId.Batch.TryParse(text, out var id) ? id : null;
            if (after is null)
                objections.Add($"'{text}' is no batch id (batch_...), and filters nothing.");
        }
        return new BatchesQuery([.. asked.Intersect(BatchStatus.All)], after) { Objections = objections };
    }

    /// <summary>The one spelling of this filter, with its question mark; empty where it filters nothing.</summary>
    public override string ToString()
    {
        (string Name, string? Value)[] fields =
            [("status", Statuses is [] ? null : string.Join(',', Statuses)), ("after", After is { } after ? WireId.Batch.Format(after) : null)];
        return QueryString.Create(fields.Where(f => f.Value is not null).Select(f => KeyValuePair.Create(f.Name, f.Value))).ToString();
    }
}
