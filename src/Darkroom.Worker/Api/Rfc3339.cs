using System.Globalization;
using System.Text.RegularExpressions;

namespace Darkroom.Worker.Api;

/// <summary>Times as RFC 3339 writes them: a date, a time and an offset. A time without an offset means a different moment to each reader.</summary>
internal static partial class Rfc3339
{
    /// <summary>The moment in UTC, to the microsecond, as Postgres keeps it; null if the text is anything else.</summary>
    public static DateTimeOffset? Parse(string text) =>
        Shape.IsMatch(text)
        && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal, out var time)
            ? time.AddTicks(-(time.Ticks % TimeSpan.TicksPerMicrosecond))
            : null;

    [GeneratedRegex(@"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})\z")]
    private static partial Regex Shape { get; }
}
