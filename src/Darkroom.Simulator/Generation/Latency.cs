namespace Darkroom.Simulator.Generation;

/// <summary>How long a generation takes: a log-normal around the quality's median, and one in fifty far out in the tail.</summary>
internal static class Latency
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(300);

    public static TimeSpan Of(string quality, SimulatorOptions options, Random random)
    {
        if ((options.LatencyMax ?? options.LatencyMin) is { } max)
            return (options.LatencyMin ?? max) + (max - (options.LatencyMin ?? max)) * random.NextDouble();
        var median = quality switch { "low" => 10.0, "medium" => 45.0, _ => 130.0 };
        var tail = random.Next(50) == 0 ? 2.0 : 1.0;
        var seconds = median * tail * Math.Exp(0.2 * Gaussian(random));
        return TimeSpan.FromSeconds(Math.Min(seconds, Longest.TotalSeconds)) * options.LatencyScale;
    }

    private static double Gaussian(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
