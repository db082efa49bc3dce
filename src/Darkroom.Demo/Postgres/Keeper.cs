using System.ComponentModel;
using System.Diagnostics;

namespace Darkroom.Demo.Postgres;

/// <summary>
/// The shell that runs a private cluster for us (<c>keeper.sh</c>) and takes it down when this process ends, however it ends.
/// One command at a time.
/// </summary>
internal sealed class Keeper : IAsyncDisposable
{
    /// <summary>Everything the keeper does takes a second or two; a machine that swaps gets its time too.</summary>
    static readonly TimeSpan CommandLimit = TimeSpan.FromSeconds(60);

    readonly StreamWriter commands;
    readonly StreamReader answers;

    Keeper(Process shell) => (commands, answers) = (shell.StandardInput, shell.StandardOutput);

    /// <param name="binaries">The folder of the server's programs.</param>
    /// <exception cref="Win32Exception">The shell cannot be started, or not as another user.</exception>
    public static Keeper Start(string binaries)
    {
        var root = Environment.IsPrivilegedProcess;
        List<string> command = ["/bin/sh", "-c", Script(), "darkroom-postgres", binaries, root ? "/tmp" : Path.GetTempPath()];
        // Not every system has setsid; without it only a kill -9 of our whole process group would leave a server behind.
        if (File.Exists("/usr/bin/setsid"))
        {
            command.Insert(0, "/usr/bin/setsid");
        }

        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            WorkingDirectory = "/",
        };
        start.Environment["LC_ALL"] = "C";
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("PG", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        if (root)
        {
            start.UserName = Unprivileged(); // Postgres refuses to run as root
        }

        return new Keeper(Process.Start(start)!);
    }

    static string Script()
    {
        using var script = new StreamReader(typeof(Keeper).Assembly.GetManifestResourceStream("keeper.sh")!);
        return script.ReadToEnd();
    }

    static string Unprivileged() =>
        File.ReadLines("/etc/passwd").Any(line => line.StartsWith("postgres:", StringComparison.Ordinal)) ? "postgres" : "nobody";

    /// <returns>What the keeper had to say.</returns>
    /// <exception cref="PostgresCommandException">The command failed; the message says how.</exception>
    public async Task<IReadOnlyList<string>> TellAsync(string command, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(CommandLimit);
        await commands.WriteLineAsync(command.AsMemory(), limit.Token);
        await commands.FlushAsync(limit.Token);
        var said = new List<string>();
        while (await answers.ReadLineAsync(limit.Token) is { } line and not "failed")
        {
            if (line is "ok")
            {
                return said;
            }

            said.Add(line);
        }

        throw new PostgresCommandException(string.Join('\n', said));
    }

    /// <summary>Returns when the server is down and its folder gone.</summary>
    public async ValueTask DisposeAsync()
    {
        await commands.DisposeAsync();
        using var limit = new CancellationTokenSource(CommandLimit);
        await answers.ReadToEndAsync(limit.Token);
    }
}
