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

    /// <param name="error">For a program; made of the message if null.</param>
    /// <param name="submission">What a program needs to find out what became of it; a person has been told.</param>
    public int Fail(int exitCode, string message, ErrorDetail? error = null, OpenSubmission? submission = null)
    {
        if (json)
            terminal.ErrorJson(new Failure(error ?? new ErrorDetail("cli_error", null, message, null), submission), CliJson.Lines.Failure);
        else
            terminal.Complain(message);
        return exitCode;
    }

    public void Dispose() => darkroom?.Dispose();
}
