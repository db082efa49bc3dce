using Darkroom.Cli;
using Darkroom.Tests.Infrastructure;

namespace Darkroom.Tests.Cli;

/// <summary>The darkroom command, run in this process.</summary>
/// <param name="Out">Standard output.</param>
/// <param name="Error">Standard error.</param>
internal sealed record CommandRun(int ExitCode, string Out, string Error)
{
    /// <summary>All it said, for the message of a test that fails.</summary>
    public string All => $"exit code {ExitCode}\n{Out}\n{Error}";

    public string[] Lines => Out.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>As someone who has set address and key.</summary>
    public static Task<CommandRun> WithAsync(Uri darkroom, CancellationToken ct, params string[] args) =>
        RunAsync(args, new() { ["DARKROOM_URL"] = darkroom.ToString(), ["DARKROOM_API_KEY"] = TestWorker.AdminKey }, ct: ct);

    /// <summary>As someone who has set nothing.</summary>
    public static Task<CommandRun> BareAsync(params string[] args) => RunAsync(args, []);

    public static async Task<CommandRun> RunAsync(
        string[] args, Dictionary<string, string> environment, bool onTerminal = false, CancellationToken ct = default)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var terminal = new Terminal(TextWriter.Synchronized(output), onTerminal, TextWriter.Synchronized(error), onTerminal, name => environment.GetValueOrDefault(name));
        var code = await DarkroomCommand.RunAsync(args, terminal, ct);
        return new(code, output.ToString(), error.ToString());
    }
}
