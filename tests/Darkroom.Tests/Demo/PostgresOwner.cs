using System.Diagnostics;

namespace Darkroom.Tests.Demo;

/// <summary>A child process that owns a private Postgres (<see cref="StartupHook"/>), in a process group of its own, as a terminal would start it.</summary>
internal sealed class PostgresOwner : IDisposable
{
    /// <summary>Any program will do; this one is beside us.</summary>
    static readonly string Program = Path.Combine(AppContext.BaseDirectory, "Darkroom.Demo.dll");

    readonly Process process;

    PostgresOwner(Process process) => this.process = process;

    /// <summary>Where the cluster keeps its files.</summary>
    public string Folder { get; private set; } = "";

    public string ConnectionString { get; private set; } = "";

    /// <param name="user">Null: the one we are.</param>
    public static bool MayRun(string? user)
    {
        using var test = Process.Start(new ProcessStartInfo("test", ["-r", Program]) { UserName = user ?? "", WorkingDirectory = "/" })!;
        test.WaitForExit();
        return test.ExitCode == 0;
    }

    /// <param name="user">Null: the one we are.</param>
    public static async Task<PostgresOwner> StartAsync(string? user, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("setsid", ["dotnet", Program])
        {
            RedirectStandardOutput = true,
            UserName = user ?? "",
            WorkingDirectory = "/",
        };
        start.Environment["DOTNET_STARTUP_HOOKS"] = typeof(StartupHook).Assembly.Location;
        var owner = new PostgresOwner(Process.Start(start)!);
        owner.Folder = await owner.SaysAsync(cancellationToken);
        owner.ConnectionString = await owner.SaysAsync(cancellationToken);
        return owner;
    }

    public async Task<string> SaysAsync(CancellationToken cancellationToken) =>
        await process.StandardOutput.ReadLineAsync(cancellationToken) ?? throw new InvalidOperationException("The owner ended early; see its standard error.");

    public void Kill(bool entireProcessTree) => process.Kill(entireProcessTree);

    /// <summary>What Ctrl-C (INT) or an impatient supervisor (KILL) does.</summary>
    public void SignalProcessGroup(string signal)
    {
        using var kill = Process.Start("kill", ["-s", signal, "--", $"-{process.Id}"]);
        kill.WaitForExit();
    }

    public void Dispose()
    {
        process.Kill();
        process.Dispose();
    }
}
