using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Darkroom.Demo.Postgres;

/// <summary>Where installed Postgres servers are, on the systems people have.</summary>
internal static class InstalledBinaries
{
    /// <summary>One folder per version below each of these: Debian and Ubuntu, Red Hat, Homebrew (both kinds of Mac), Postgres.app.</summary>
    static readonly (string Root, string Version)[] Versioned =
    [
        ("/usr/lib/postgresql", "*"),
        ("/usr", "pgsql-*"),
        ("/opt/homebrew/opt", "postgresql*"),
        ("/usr/local/opt", "postgresql*"),
        ("/Applications/Postgres.app/Contents/Versions", "*"),
    ];

    public static IEnumerable<string> Folders() => PgConfig().Concat(Versioned.SelectMany(place => NewestFirst(place.Root, place.Version))).Concat(OnPath());

    /// <summary>Whether a server can be made with what is there. Client packages bring <c>pg_config</c> and <c>pg_ctl</c>'s folder without it.</summary>
    public static bool AreIn(string folder) =>
        File.Exists(Path.Combine(folder, "initdb")) && File.Exists(Path.Combine(folder, "pg_ctl")) && File.Exists(Path.Combine(folder, "postgres"));

    /// <summary>Asked only when the search gets here.</summary>
    static IEnumerable<string> PgConfig()
    {
        if (AskPgConfig() is { } folder)
        {
            yield return folder;
        }
    }

    static string? AskPgConfig()
    {
        try
        {
            using var pgConfig = Process.Start(new ProcessStartInfo("pg_config", "--bindir") { RedirectStandardOutput = true })!;
            return pgConfig.StandardOutput.ReadLine();
        }
        catch (Win32Exception)
        {
            return null; // not installed
        }
    }

    internal static IEnumerable<string> NewestFirst(string root, string version) => !Directory.Exists(root)
        ? []
        : Directory.EnumerateDirectories(root, version)
            .OrderByDescending(folder => double.TryParse(Digits(folder), CultureInfo.InvariantCulture, out var number) ? number : 0)
            .Select(folder => Path.Combine(folder, "bin"));

    /// <summary>"17" of "postgresql@17", "9.6" of "pgsql-9.6".</summary>
    static string Digits(string folder) => string.Concat(Path.GetFileName(folder).Where(c => char.IsAsciiDigit(c) || c == '.'));

    static string[] OnPath() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
}
