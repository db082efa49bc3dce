using System.Diagnostics;
using Xunit;

namespace Darkroom.ContainerTests;

/// <summary>A program run to its end; one that fails ends the test with what it said.</summary>
internal static class Command
{
    /// <returns>What it wrote to standard output.</returns>
    public static async Task<string> RunAsync(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null, string input = "")
    {
        var ended = await TryAsync(program, arguments, environment, input);
        Assert.True(ended.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {ended.ExitCode}.\n{ended.Output}\n{ended.Errors}");
        return ended.Output;
    }

    public static async Task<Ended> TryAsync(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null, string input = "")
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        // Settings of whoever runs the tests must not steer them.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("DARKROOM_", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        // Not cancelled with its test: what tidies up must run.
        await process.WaitForExitAsync(CancellationToken.None);
        return new Ended(process.ExitCode, await output, await errors);
    }

    internal sealed record Ended(int ExitCode, string Output, string Errors);
}
