namespace Darkroom.Worker.Endpoint;

/// <summary>
/// How one call failed, ready for the ledger: nothing in it holds the API key, and no text of the endpoint's is unbounded.
/// </summary>
/// <param name="Code">The endpoint's own <c>error.code</c> where it sent one, else ours: the kind in snake_case.</param>
/// <param name="Message">
/// For a person, in sentences. What the endpoint said is quoted, at most 1 KiB of it, and is not to be trusted.
/// </param>
internal sealed record CallFailure(FailureKind Kind, string Code, string Message)
{
    /// <summary>Null where no status came.</summary>
    public int? HttpStatus { get; init; }

    /// <summary>The answer's <c>x-request-id</c>.</summary>
    public string? RequestId { get; init; }

    /// <summary>How long the endpoint asked us to wait: 0 to 1 hour, null where it did not say.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary><c>usage</c> as sent, where it was read before the call failed.</summary>
    public string? UsageJson { get; init; }

    public FailureTraits Traits => FailureTable.Of(Kind);

    /// <summary>A failure of this node's own finding.</summary>
    public static CallFailure Of(FailureKind kind, string message) => new(kind, CodeOf(kind), message);

    const string Saying = " It said: \"";

    /// <summary>Our sentences, then the endpoint's own words.</summary>
    public static string Quote(string message, string? said) => said is null ? message : $"{message}{Saying}{said}\"";

    /// <summary>The endpoint's own words of a message made by <see cref="Quote"/>; the message itself where it quotes none.</summary>
    public static string Quoted(string message) =>
        message.IndexOf(Saying, StringComparison.Ordinal) is var at and >= 0 && message.EndsWith('"')
            ? message[(at + Saying.Length)..^1]
            : message;

    /// <summary><c>ConnectFailed</c> -> <c>connect_failed</c>.</summary>
    public static string CodeOf(FailureKind kind) => string.Concat(
        kind.ToString().Select((c, i) => char.IsUpper(c) && i > 0 ? $"_{char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}"));
}
