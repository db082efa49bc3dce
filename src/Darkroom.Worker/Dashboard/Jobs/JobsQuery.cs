using System.Globalization;
using Darkroom.Migrations.Rows;
using Darkroom.Worker.Api;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;

namespace Darkroom.Worker.Dashboard.Jobs;

/// <summary>The job list's filter as the page's URL holds it. Empty fields, which a form sends too, filter nothing.</summary>
/// <param name="Words">Searched in prompt and custom id, by the beginnings of words; all of them must occur.</param>
/// <param name="Key">Submitted with this API key.</param>
/// <param name="From">Created then or later.</param>
/// <param name="To">Created before.</param>
/// <param name="After">The page begins behind this job.</param>
public sealed record JobsQuery(
    string[] Statuses, string? Words, string? Model, string? ErrorCode, Guid? Batch, Guid? Key, DateTimeOffset? From, DateTimeOffset? To, Guid? After)
{
    const int LongestText = 500;

    /// <summary>What was asked for and means nothing; such a field filters nothing, and the page says so.</summary>
    public IReadOnlyList<string> Objections { get; init; } = [];

    public bool IsEmpty => this with { After = null } is { Statuses: [], Words: null, Model: null, ErrorCode: null, Batch: null, Key: null, From: null, To: null };

    internal static JobsQuery Parse(string query) => Parse(name => QueryHelpers.ParseQuery(query).GetValueOrDefault(name));

    internal static JobsQuery Parse(IQueryCollection query) => Parse(name => query[name]);

    static JobsQuery Parse(Func<string, StringValues> values)
    {
        var objections = new List<string>();
        string? Text(string name) => values(name).ToString().Replace("\0", "", StringComparison.Ordinal).Trim() is { Length: > 0 } text ? text[..Math.Min(text.Length, LongestText)] : null;
        T? Read<T>(string name, Func<string, T?> parse, string expected) where T : struct
        {
            if (Text(name) is not { } text)
                return null;
            var value = parse(text);
            if (value is null)
                objections.Add($"'{text}' is no {expected}, and filters nothing.");
            return value;
        }

        string[] asked = [.. values("status").SelectMany(v => (v ?? "").Split(',')).Where(v => v != "").Distinct()];
        objections.AddRange(asked.Except(JobStatus.All).Select(s => $"'{s}' is no status, and filters nothing."));
        return new JobsQuery(
            [.. asked.Intersect(JobStatus.All)], Text("q"), Text("model"), Text("error"),
            Read("batch", text => WireId.Batch.TryParse(text, out var id) ? id : (Guid?)null, "batch id (batch_...)"),
            Read("key", text => WireId.Key.TryParse(text, out var id) ? id : (Guid?)null, "key id (key_...)"),
            Read("from", Moment, "time"), Read("to", Moment, "time"),
            Read("after", text => WireId.Job.TryParse(text, out var id) ? id : (Guid?)null, "job id (job_...)"))
        { Objections = objections };
    }

    /// <summary>As a browser's field for date and time sends it, in UTC.</summary>
    internal static DateTimeOffset? Moment(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var at) ? at : null;

    public static string? Field(DateTimeOffset? at) => at?.UtcDateTime.ToString("yyyy-MM-ddTHH:mm", CultureInfo.InvariantCulture);

    /// <summary>The one spelling of this filter, with its question mark; empty where it filters nothing.</summary>
    public override string ToString()
    {
        (string Name, string? Value)[] fields =
        [
            ("status", Statuses is [] ? null : string.Join(',', Statuses)), ("q", Words), ("model", Model), ("error", ErrorCode),
            ("batch", Batch is { } batch ? WireId.Batch.Format(batch) : null), ("key", Key is { } key ? WireId.Key.Format(key) : null),
            ("from", From?.UtcDateTime.ToString("O", CultureInfo.InvariantCulture)),
            ("to", To?.UtcDateTime.ToString("O", CultureInfo.InvariantCulture)), ("after", After is { } after ? WireId.Job.Format(after) : null),
        ];
        return QueryString.Create(fields.Where(f => f.Value is not null).Select(f => KeyValuePair.Create(f.Name, f.Value))).ToString();
    }
}
