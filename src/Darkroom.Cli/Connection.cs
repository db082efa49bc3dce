using System.CommandLine;
using System.Net;
using Darkroom.Cli.Submitting;
using Darkroom.Client;

namespace Darkroom.Cli;

/// <summary>The options that all commands share, and what becomes of a command's failures.</summary>
internal sealed class Connection(Terminal terminal)
{
    public const string UrlVariable = "DARKROOM_URL", KeyVariable = "DARKROOM_API_KEY";

    public Option<string?> Url { get; } = new("--url")
    {
        Description = $"Where Darkroom is, for example http://127.0.0.1:8080. Default: {UrlVariable}.",
        Recursive = true,
        HelpName = "address",
    };

    public Option<string?> ApiKey { get; } = new("--api-key")
    {
        Description = $"Your key, dk_... Others on this machine can see a command's options: rather set {KeyVariable}.",
        Recursive = true,
        HelpName = "key",
    };

    public Option<bool> Json { get; } = new("--json")
    {
        Description = "For programs: one JSON object a line on standard output, errors as JSON on standard error.",
        Recursive = true,
    };

    /// <summary>Gives a command what it does, and its failures words and exit codes.</summary>
    public void Run(Command command, Func<Session, ParseResult, CancellationToken, Task<int>> action) => command.SetAction(async (parsed, ct) =>
    {
        using var session = Open(parsed);
        try
        {
            return await action(session, parsed, ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return ExitCode.Interrupted;
        }
        catch (BrokenOffException e)
        {
            session.Hint(e.Message);
            return Fail(session, parsed, e.InnerException!, e.Submission);
        }
        catch (Exception e) when (e is MissingException or DarkroomException or HttpRequestException or IOException or UnauthorizedAccessException)
        {
            return Fail(session, parsed, e, null);
        }
    });

    int Fail(Session session, ParseResult parsed, Exception e, OpenSubmission? submission) => e switch
    {
        OperationCanceledException => session.Fail(ExitCode.Interrupted, "Interrupted.", null, submission),
        MissingException => session.Fail(ExitCode.BadInput, e.Message),
        DarkroomException refusal => session.Fail(ExitCode.Refused, Words(refusal), refusal.Error, submission),
        HttpRequestException => session.Fail(
            ExitCode.Unreachable, $"Darkroom at {Address(parsed)} cannot be reached: {e.Message}", null, submission),
        _ => session.Fail(ExitCode.Refused, e.Message, null, submission),
    };

    public Session Open(ParseResult parsed) => new(terminal, parsed.GetValue(Json), () =>
        Mistake(parsed) is { } mistake ? throw new MissingException(mistake) : new DarkroomClient(new Uri(Address(parsed)!), Key(parsed)!));

    string? Address(ParseResult parsed) => parsed.GetValue(Url) is { Length: > 0 } given ? given : terminal.Variable(UrlVariable);

    string? Key(ParseResult parsed) => parsed.GetValue(ApiKey) is { Length: > 0 } given ? given : terminal.Variable(KeyVariable);

    string? Mistake(ParseResult parsed)
    {
        if (Address(parsed) is not { } address)
            return $"Where is Darkroom? Set {UrlVariable} or give --url, for example: export {UrlVariable}=http://127.0.0.1:8080";
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
            return $"'{address}' is no address of Darkroom. It looks like http://127.0.0.1:8080 or https://darkroom.example.com.";
        if (Key(parsed) is not { } key)
            return $"Which key? Set {KeyVariable} or give --api-key. Whoever runs Darkroom makes keys with 'darkroom keys create'.";
        if (key.Any(c => c is <= ' ' or > '~'))
            return "The key holds characters that no key has: a space or a line break, perhaps from copying it.";
        return null;
    }

    static string Words(DarkroomException e) => e.Status switch
    {
        HttpStatusCode.Unauthorized => $"{e.Message} (The key is in {KeyVariable} or --api-key.)",
        _ when e.Error.Errors is { Count: > 1 } several => string.Join('\n', several.Select(one => $"{one.Param}: {one.Message}")),
        _ => e.Message,
    };
}
