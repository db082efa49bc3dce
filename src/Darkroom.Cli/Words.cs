using System.Globalization;
using Darkroom.Client;

namespace Darkroom.Cli;

/// <summary>Figures as people read them; the same in every country, since scripts read them too.</summary>
internal static class Words
{
    static readonly CultureInfo Plain = CultureInfo.InvariantCulture;

    public static string Count(long count) => count.ToString("N0", Plain);

    public static string Count(long count, string one, string many) => $"{Count(count)} {(count == 1 ? one : many)}";

    public static string Rate(double perMinute) => perMinute.ToString(perMinute < 10 ? "0.0" : "N0", Plain);

    /// <summary>Four decimals below ten: a small picture costs a cent.</summary>
    public static string Money(string currency, decimal? amount)
    {
        if (amount is not { } known)
            return "unknown";
        var text = known.ToString(known < 10 ? "N4" : "N2", Plain);
        return currency == "USD" ? $"${text}" : $"{text} {currency}";
    }

    /// <summary>With what calls of unknown outcome may have cost besides.</summary>
    public static string Money(JobCost cost) =>
        Money(cost.Currency, cost.Amount) + (cost.Possible > 0 ? $" and perhaps {Money(cost.Currency, cost.Possible)} more" : "");

    public static string Time(DateTimeOffset time) => time.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", Plain);

    public static string Time(long unixSeconds) => Time(DateTimeOffset.FromUnixTimeSeconds(unixSeconds));

    public static string Duration(TimeSpan span) => span switch
    {
        { TotalSeconds: < 60 } => $"{Math.Max(0, (int)span.TotalSeconds)} s",
        { TotalMinutes: < 60 } => $"{(int)span.TotalMinutes} min",
        { TotalHours: < 48 } => $"{(int)span.TotalHours} h {span.Minutes} min",
        _ => $"{(int)span.TotalDays} days",
    };

    /// <summary>One line, at most so long: a prompt in a table.</summary>
    public static string Short(string text, int most)
    {
        var line = text.ReplaceLineEndings(" ").Trim();
        return line.Length <= most ? line : line[..(most - 1)] + "…";
    }
}
