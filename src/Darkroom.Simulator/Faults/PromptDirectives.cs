using System.Text.RegularExpressions;

namespace Darkroom.Simulator.Faults;

/// <summary>
/// What a prompt asks of the simulator: <c>[[fault:http_500 x2]]</c>, <c>[[latency:5s]]</c>, <c>[[format:webp]]</c>,
/// <c>[[body:10s]]</c>. Counted faults take turns in the order they stand; uncounted ones always strike.
/// </summary>
internal sealed partial record PromptDirectives(
    IReadOnlyList<FaultSpec> Faults, TimeSpan? Latency, OutputFormat? Format, TimeSpan? BodyDuration)
{
    public static IReadOnlyList<(string Name, string What)> Known { get; } =
    [
        ("[[fault:NAME xN argument=value]]", "a fault; several may stand in one prompt"),
        ("[[latency:5s]]", "this latency instead of the configured one"),
        ("[[format:webp]]", "png, webp or jpeg"),
        ("[[body:10s]]", "spreads the body over this time"),
    ];

    /// <returns>The mistake in words when a directive is not understood: better than a test that tests nothing.</returns>
    public static (PromptDirectives Directives, string? Mistake) Read(string prompt)
    {
        var found = new PromptDirectives([], null, null, null);
        foreach (Match match in Pattern().Matches(prompt))
        {
            var (name, value) = (match.Groups[1].Value, match.Groups[2].Value.Trim());
            var mistake = $"'{match.Value}' is not a directive the simulator knows.";
            if (name == "fault" && FaultSpec.TryParse(value, out var fault, out mistake))
                found = found with { Faults = [.. found.Faults, fault] };
            else if (name == "latency" && Duration.TryParse(value, out var latency))
                found = found with { Latency = latency };
            else if (name == "format" && Enum.TryParse<OutputFormat>(value, ignoreCase: true, out var format))
                found = found with { Format = format };
            else if (name == "body" && Duration.TryParse(value, out var duration))
                found = found with { BodyDuration = duration };
            else
                return (found, mistake);
        }
        return (found, null);
    }

    [GeneratedRegex(@"\[\[(\w+):([^\]]*)\]\]")]
    private static partial Regex Pattern();
}
