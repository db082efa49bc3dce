using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Spectre.Console;

namespace Darkroom.Cli;

/// <summary>Where the command speaks: results on standard output, everything said by the way on standard error.</summary>
internal sealed class Terminal
{
    /// <summary>Lines of a table that is read by a program are not wrapped.</summary>
    const int Unwrapped = 10_000;

    readonly Func<string, string?> variable;
    readonly TextWriter output, error;

    /// <param name="variable">The environment.</param>
    public Terminal(TextWriter output, bool outputIsTerminal, TextWriter error, bool errorIsTerminal, Func<string, string?> variable)
    {
        (this.output, this.error, this.variable, IsLive) = (output, error, variable, errorIsTerminal && variable("TERM") != "dumb");
        Out = Console(output, outputIsTerminal && variable("TERM") != "dumb");
        Error = Console(error, IsLive);
    }

    /// <summary>Whether bars may move.</summary>
    public bool IsLive { get; }

    public IAnsiConsole Out { get; }

    public IAnsiConsole Error { get; }

    public static Terminal OfThisProcess() => new(
        System.Console.Out, !System.Console.IsOutputRedirected, System.Console.Error, !System.Console.IsErrorRedirected, Environment.GetEnvironmentVariable);

    /// <returns>Null where it is not set or empty.</returns>
    public string? Variable(string name) => variable(name) is { Length: > 0 } value ? value : null;

    /// <summary>One object on one line, so that a list of any length can be read as it comes.</summary>
    public void Json<T>(T value, JsonTypeInfo<T> type) => output.WriteLine(JsonSerializer.Serialize(value, type));

    public void ErrorJson<T>(T value, JsonTypeInfo<T> type) => error.WriteLine(JsonSerializer.Serialize(value, type));

    // Not by way of the console: it would break lines at the window's width, in the middle of what one wants to copy.
    public void Say(string text) => output.WriteLine(Plain(text));

    /// <summary>By the way, on standard error.</summary>
    public void Note(string text) => error.WriteLine(Plain(text));

    public void Complain(string text) =>
        error.WriteLine(Error.Profile.Capabilities.ColorSystem == ColorSystem.NoColors ? Plain(text) : $"\e[31m{Plain(text)}\e[0m");

    /// <summary>Prompts and names come from anywhere; none of them may steer the terminal.</summary>
    public static string Plain(string text) => text.Any(IsSteering) ? string.Concat(text.Select(c => IsSteering(c) ? '\u00b7' : c)) : text;

    static bool IsSteering(char c) => char.IsControl(c) && c != '\n';

    IAnsiConsole Console(TextWriter writer, bool isTerminal)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = isTerminal ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = isTerminal && Variable("NO_COLOR") is null ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = isTerminal ? InteractionSupport.Yes : InteractionSupport.No,
            Out = new AnsiConsoleOutput(writer),
        });
        if (!isTerminal)
            console.Profile.Width = Unwrapped;
        return console;
    }
}
