using System.Globalization;

namespace Darkroom.CrashTests;

/// <summary>What a run of random killing came to: the rows against what the simulated endpoint saw.</summary>
internal sealed record SoakReport
{
    public required TimeSpan Duration { get; init; }
    public required string Seed { get; init; }
    public required IReadOnlyDictionary<string, int> Chaos { get; init; }
    public required long Submitted { get; init; }
    public required long Succeeded { get; init; }
    public required long Failed { get; init; }
    public required long Held { get; init; }

    /// <summary>What the held jobs say.</summary>
    public required IReadOnlyList<string> HeldBecause { get; init; }
    public required long Doubled { get; init; }
    public required int Calls { get; init; }
    public required int AttemptsOfCalls { get; init; }
    public required int NeverArrived { get; init; }

    /// <summary>From a kill to the next attempt of a job it hit.</summary>
    public required IReadOnlyList<TimeSpan> Rescues { get; init; }

    /// <summary>From SIGTERM at the node that admits to the first pass of another.</summary>
    public required IReadOnlyList<TimeSpan> Takeovers { get; init; }

    public long Lost => Submitted - Succeeded - Failed - Held;

    public int Difference => Calls - AttemptsOfCalls;

    static string Spread(IReadOnlyList<TimeSpan> times) => times.Count == 0 ? "-" : string.Create(
        CultureInfo.InvariantCulture, $"{times.Order().ElementAt(times.Count / 2).TotalSeconds:0.0} s / {times.Max().TotalSeconds:0.0} s");

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"""
        | {Duration.TotalMinutes:0.#} minutes, seed {Seed}, {string.Join(", ", Chaos.OrderBy(c => c.Key, StringComparer.Ordinal).Select(c => $"{c.Value} {c.Key}"))} | |
        |---|--:|
        | jobs submitted | {Submitted} |
        | succeeded | {Succeeded} |
        | failed | {Failed} |
        | held | {Held} {string.Join("; ", HeldBecause)} |
        | lost | {Lost} |
        | results doubled | {Doubled} |
        | calls on the wire | {Calls} |
        | attempts for them | {AttemptsOfCalls} |
        | difference | {Difference} |
        | `unknown` that never arrived | {NeverArrived} |
        | jobs rescued after a kill | {Rescues.Count} |
        | rescue time, p50 / max | {Spread(Rescues)} |
        | stops of the node that admitted | {Takeovers.Count} |
        | until another admitted, p50 / max | {Spread(Takeovers)} |
        """);
}
