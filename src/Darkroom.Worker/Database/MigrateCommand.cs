namespace Darkroom.Worker.Database;

/// <summary>The command line <c>migrate [--script]</c>: the role of that name, or the SQL for those who apply it themselves.</summary>
internal static class MigrateCommand
{
    const string Word = "migrate", Script = "--script";

    /// <summary>However else the role was named: whoever asks for SQL must not get a changed database.</summary>
    public static bool AsksForScript(string[] args) => args.Contains(Script);

    /// <summary>The arguments as settings alone.</summary>
    /// <exception cref="StartException">One is neither: a mistyped <c>--script</c> must not migrate.</exception>
    public static string[] AsSettings(string[] args)
    {
        if (args is not [Word, .. var settings])
            return args;
        return settings.FirstOrDefault(setting => !setting.Contains('=')) is { } odd
            ? throw new StartException($"{Word} takes {Script}, or settings as --Name=value, and not '{odd}'.")
            : [.. settings, $"--Darkroom:Roles={Word}"];
    }
}
