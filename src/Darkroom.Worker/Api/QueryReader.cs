using System.Globalization;

namespace Darkroom.Worker.Api;

/// <summary>
/// Reads a query string strictly: asked for its parameters one by one, it collects every fault, and <see cref="Refusal"/> also names the
/// parameters nobody asked for, so that a misspelt filter never silently returns everything.
/// </summary>
internal sealed class QueryReader(IQueryCollection query)
{
    readonly List<Fault> faults = [];
    readonly HashSet<string> known = new(StringComparer.Ordinal);

    /// <summary>The page size, 1 to <paramref name="most"/>.</summary>
    /// <param name="unsaid">If not given.</param>
    public int Limit(int most = 100, int unsaid = 20) => Read(
        "limit", (int?)unsaid, text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit >= 1 && limit <= most ? limit : null,
        $"must be a whole number from 1 to {most}") ?? unsaid;

    public string? Text(string name) => Read(name, null, text => text.Contains('\0') || text.Length == 0 ? null : text, "must not be empty");

    public Guid? Id(string name, WireId kind) =>
        Read(name, null, text => kind.TryParse(text, out var id) ? id : (Guid?)null, $"must be an id as the API gives it ({kind.Prefix}...)");

    /// <summary>A time in RFC 3339 with its offset, or in Unix seconds.</summary>
    public DateTimeOffset? Time(string name) =>
        Read(name, null, ParseTime, "must be a time, as RFC 3339 (2026-01-31T12:00:00Z) or Unix seconds");

    /// <summary>A day in UTC, as a date or as the moment it begins.</summary>
    public DateOnly? Day(string name) => Read(
        name,
        null,
        text => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day
            : ParseTime(text) is { TimeOfDay.Ticks: 0 } midnight ? DateOnly.FromDateTime(midnight.UtcDateTime)
            : (DateOnly?)null,
        "must be a day, as 2026-01-31, or the time it begins in UTC: usage is kept by day");

    /// <summary>One or more of a closed set, separated by commas or repeated; null if not given.</summary>
    public string[]? Several(string name, IReadOnlyCollection<string> choices)
    {
        known.Add(name);
        if (!query.TryGetValue(name, out var values))
        {
            return null;
        }
        string[] chosen = [.. values.SelectMany(v => (v ?? "").Split(',')).Distinct(StringComparer.Ordinal)];
        if (chosen.FirstOrDefault(c => !choices.Contains(c)) is { } wrong)
        {
            Fail(name, $"has '{wrong}', which is none of {string.Join(", ", choices)}");
        }
        return chosen;
    }

    public void Fail(string name, string rule, string code = "invalid_value") => faults.Add(new(name, code, $"'{name}' {rule}."));

    /// <summary>All that is wrong, once every parameter has been read; null if nothing is.</summary>
    public ApiError? Refusal()
    {
        foreach (var name in query.Keys.Where(n => !known.Contains(n)))
        {
            Fail(name, $"is not a parameter of this call{Spelling.Suggest(name, known)}", "unknown_parameter");
        }
        return faults.Count > 0 ? ApiError.Invalid(faults) : null;
    }

    T? Read<T>(string name, T? absent, Func<string, T?> parse, string rule)
    {
        known.Add(name);
        if (!query.TryGetValue(name, out var values))
        {
            return absent;
        }
        if (values is not [{ } text])
        {
            Fail(name, "is given more than once");
            return absent;
        }
        var value = parse(text);
        if (value is null)
        {
            Fail(name, rule);
        }
        return value;
    }

    static DateTimeOffset? ParseTime(string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds)
            ? seconds is >= 0 and <= 253402300799 ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null
            : Rfc3339.Parse(text.Replace(' ', '+')); // An offset's plus sign, sent without escaping, arrives as a space.
}
