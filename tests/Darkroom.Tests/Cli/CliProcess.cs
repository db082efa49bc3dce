using System.Diagnostics;
using Darkroom.Tests.Infrastructure;

namespace Darkroom.Tests.Cli;

/// <summary>The darkroom command as a process of its own, to be interrupted.</summary>
internal sealed class CliProcess : IDisposable
{
    readonly Process process;

    CliProcess(Process process) => this.process = process;

    public static CliProcess Start(Uri darkroom, params string[] args)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "darkroom"), args)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DARKROOM_URL"] = darkroom.ToString();
        start.Environment["DARKROOM_API_KEY"] = TestWorker.AdminKey;
        return new(Process.Start(start)!);
    }

    /// <summary>Reads standard output, or standard error, up to a line with this text.</summary>
    public async Task<string> SaysAsync(string text, bool onError, CancellationToken ct)
    {
        var reader = onError ? process.StandardError : process.StandardOutput;
        while (await reader.ReadLineAsync(ct) is { } line)
            if (line.Contains(text, StringComparison.Ordinal))
                return line;
        throw new InvalidOperationException($"The command ended without a line that says '{text}'.");
    }

    /// <summary>What Ctrl-C does.</summary>
    public void Interrupt()
    {
        using var kill = Process.Start("kill", ["-s", "INT", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    public async Task<int> ExitCodeAsync(CancellationToken ct)
    {
        await process.WaitForExitAsync(ct);
        return process.ExitCode;
    }

    public void Dispose()
    {
        if (!process.HasExited)
            process.Kill();
        process.Dispose();
    }
}
