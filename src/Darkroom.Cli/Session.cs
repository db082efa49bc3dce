using Darkroom.Client;

namespace Darkroom.Cli;

/// <summary>The command line lacks something that every call needs.</summary>
internal sealed class MissingException(string message) : Exception(message);

/// <summary>What every command works with.</summary>
/// <param name="json">Standard output is for a program: one JSON object a line, and nothing else.</param>
internal sealed class Session(Terminal terminal, bool json, Func<DarkroomClient> connect) : IDisposable
{
    DarkroomClient? darkroom;

    public Terminal Terminal => terminal;

    public bool Json => json;

    /// <exception cref="MissingException">Address or key are missing.</exception>
    public DarkroomClient Darkroom => darkroom ??= connect();

    /// <summary>For a person; a program reads the objects.</summary>
    public void Say(string text)
    {
        if (!json)
            terminal.Say(text);
    }

    /// <summary>A hint for a person, beside the result.</summary>
    public void Hint(string text)
    {
        if (!json)
            terminal.Note(text);
    }

    public int Fail(int exitCode, string message) => Fail(exitCode, message, new ErrorDetail("cli_error", null, message, null));

    /// <param name="error">For a program.</param>
    public int Fail(int exitCode, string message, ErrorDetail error)
    {
        if (json)
            terminal.ErrorJson(new ErrorBody(error), DarkroomJson.Answers.ErrorBody);
        else
            terminal.Complain(message);
        return exitCode;
    }

    public void Dispose() => darkroom?.Dispose();
}
