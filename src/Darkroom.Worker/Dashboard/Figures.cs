using System.Globalization;

namespace Darkroom.Worker.Dashboard;

/// <summary>Numbers as people read them, with their units.</summary>
internal static class Figures
{
    const decimal SmallestCents = 0.01m;

    public static string Number(long number) => number.ToString("#,0", CultureInfo.InvariantCulture);

    public static string Rate(double? perMinute) => perMinute?.ToString("#,0.#", CultureInfo.InvariantCulture) ?? "no limit";

    public static string Dollars(decimal? amount) => amount switch
    {
        null => "not known",
        0 => "US$ 0",
        < SmallestCents and > -SmallestCents => $"US$ {amount.Value.ToString("0.00####", CultureInfo.InvariantCulture)}",
        _ => $"US$ {amount.Value.ToString("#,0.00##", CultureInfo.InvariantCulture)}",
    };

    public static string Bytes(long bytes) => bytes switch
    {
        < 1000 => $"{bytes} B",
        < 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e3:0.#} kB"),
        < 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.#} MB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.##} GB"),
    };

    public static string Span(TimeSpan span) => span switch
    {
        { TotalSeconds: < 0 } => "0 s",
        { TotalSeconds: < 1 } => $"{(int)span.TotalMilliseconds} ms",
        { TotalSeconds: < 10 } => string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:0.0} s"),
        { TotalMinutes: < 1 } => $"{(int)span.TotalSeconds} s",
        { TotalHours: < 1 } => $"{span.Minutes} min {span.Seconds} s",
        { TotalDays: < 2 } => $"{(int)span.TotalHours} h {span.Minutes} min",
        _ => $"{(int)span.TotalDays} days",
    };
}
