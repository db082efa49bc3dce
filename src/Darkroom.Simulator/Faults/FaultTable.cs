using System.Globalization;

namespace Darkroom.Simulator.Faults;

/// <summary>The closed set of faults.</summary>
internal static class FaultTable
{
    public static IReadOnlyList<FaultKind> All { get; } =
        [.. Refusals.All, .. OtherErrors.All, .. BrokenTransport.All, .. BrokenGenerations.All];

    /// <summary>Families of names, beside the names in <see cref="All"/>.</summary>
    public static IReadOnlyList<(string Name, string What)> Patterns { get; } =
    [
        ("http_NNN", "status NNN (201 to 599), the endpoint's error body; 408, 500, 502, 504, 520 and up after the latency, others at once"),
        ("*_spend_limit_exceeded", "429: out of money"),
    ];

    /// <summary>Arguments every fault takes.</summary>
    public static IReadOnlyList<(string Name, string What)> Arguments { get; } =
    [
        ("xN", "strikes the first N calls only (of this prompt, when asked for by the prompt)"),
        ("status", "another status"),
        ("billed", "yes or no: whether the call is charged, where that differs from the fault's own way"),
        ("retry_after", "seconds for Retry-After, or none"),
        ("retry_after_date", "seconds from now, as an HTTP date in Retry-After"),
        ("retry_after_ms", "milliseconds for retry-after-ms"),
        ("reset", "a duration for x-ratelimit-reset-images and -requests, such as 6m0s or 20ms"),
    ];

    public static FaultKind? Find(string name)
    {
        if (All.FirstOrDefault(kind => kind.Name == name) is { } kind)
            return kind;
        if (name.StartsWith("http_", StringComparison.Ordinal)
            && int.TryParse(name.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out var status) && status is > 200 and < 600)
            return Refusals.Status(status);
        return name.EndsWith("_spend_limit_exceeded", StringComparison.Ordinal) ? Refusals.SpendLimit(name) : null;
    }
}
