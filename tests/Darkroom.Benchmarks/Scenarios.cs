namespace Darkroom.Benchmarks;

/// <summary>One thing to measure: takes the arguments after its name, returns the exit code.</summary>
internal sealed record Scenario(string Name, string Does, Func<string[], Task<int>> RunAsync);

internal static class Scenarios
{
    public static Task<int> RunAsync(string[] args, params Scenario[] scenarios)
    {
        Scenario? chosen = args.Length == 0 ? null : scenarios.FirstOrDefault(s => s.Name == args[0]);
        if (chosen is not null) return chosen.RunAsync(args[1..]);

        Console.WriteLine("dotnet run -c Release --project tests/Darkroom.Benchmarks -- SCENARIO [options]\n");
        foreach (Scenario scenario in scenarios) Console.WriteLine($"  {scenario.Name,-15}{scenario.Does}");
        return Task.FromResult(args is [] or ["--help" or "-h"] ? 0 : 2);
    }
}
