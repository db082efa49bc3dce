using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Darkroom.Worker.Api;

namespace Darkroom.Worker.Usage;

/// <summary>One thing that usage can be grouped by.</summary>
/// <param name="Name">On the wire.</param>
/// <param name="Column">In both tables of usage.</param>
/// <param name="Type">In SQL.</param>
internal sealed record UsageGroup(string Name, string Column, string Type)
{
    public static readonly UsageGroup[] All =
    [
        new("day", "day", "date"),
        new("project", "project_id", "uuid"),
        new("batch", "batch_id", "uuid"),
        new("endpoint", "endpoint", "text"),
        new("model", "model", "text"),
        new("quality", "quality", "text"),
        new("size", "size", "text"),
    ];

    public static readonly string[] Names = [.. All.Select(g => g.Name)];
}

/// <summary>What <c>GET /v1/usage</c> is asked for.</summary>
/// <param name="Groups">In the order in which the lines are sorted; none gives one line, the sum of all.</param>
/// <param name="Start">First day, UTC.</param>
/// <param name="End">The day after the last, UTC.</param>
/// <param name="After">The values of the line before the page, one for each group.</param>
internal sealed record UsageQuery(UsageGroup[] Groups, DateOnly Start, DateOnly End, string[]? After, int Limit)
{
    const string IdPrefix = "usage_";

    /// <summary>The one character that no text in Postgres has.</summary>
    const char Between = '\0';

    public static UsageQuery From(QueryReader query)
    {
        var groups = query.Several("group_by", UsageGroup.Names) ?? [];
        var (start, end, after) = (query.Day("start"), query.Day("end"), query.Text("after"));
        if (start >= end)
            query.Fail("end", "must be after 'start': it is the first day that is not counted");
        UsageGroup[] grouped = [.. groups.Select(name => Array.Find(UsageGroup.All, g => g.Name == name)).OfType<UsageGroup>()];
        var values = after is null ? null : Values(after, grouped);
        if (after is not null && values is null)
            query.Fail("after", "is no line of a list with this 'group_by'");
        return new(grouped, start ?? DateOnly.MinValue, end ?? DateOnly.MaxValue, values, query.Limit());
    }

    /// <summary>A line's id holds the values it stands for, so that a page can begin after it even if it is gone.</summary>
    public static string IdOf(IEnumerable<string> values) => IdPrefix + Base64Url.EncodeToString(Encoding.UTF8.GetBytes(string.Join(Between, values)));

    static string[]? Values(string id, UsageGroup[] groups)
    {
        if (!id.StartsWith(IdPrefix, StringComparison.Ordinal) || !Base64Url.IsValid(id.AsSpan(IdPrefix.Length)))
            return null;
        var values = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(id.AsSpan(IdPrefix.Length))).Split(Between);
        return values.Length == groups.Length && values.Zip(groups).All(p => p.Second.Type switch
        {
            "date" => DateOnly.TryParseExact(p.First, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
            "uuid" => Guid.TryParseExact(p.First, "d", out _),
            _ => true,
        }) ? values : null;
    }
}
