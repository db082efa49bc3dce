namespace Darkroom.Client;

/// <summary>The body of <c>POST /v1/batches</c>. What is null is left to its default. From <see cref="Priority"/> on, beyond OpenAI.</summary>
public sealed record CreateBatch
{
    /// <summary>A file of purpose <c>batch</c>: JSON lines <c>{custom_id, method, url, body}</c>.</summary>
    public required string InputFileId { get; init; }

    /// <summary>What every line asks for; images are all there is.</summary>
    public string Endpoint { get; init; } = "/v1/images/generations";

    /// <summary>When the lines not yet sent expire, after the batch was created.</summary>
    public string CompletionWindow { get; init; } = "24h";

    /// <summary>
    /// At most 16 pairs; keys of 1 to 64 characters, values of at most 512. Two are switches, so that unmodified OpenAI clients have them too:
    /// <c>darkroom_skip_invalid</c> = <c>true</c> goes on without bad lines; <c>darkroom_output</c> = <c>links</c> (default) or <c>base64</c>.
    /// </summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>How long output and error file are kept; for ever if null.</summary>
    public ExpiresAfter? OutputExpiresAfter { get; init; }

    /// <summary>0 (first) to 9; default 7, behind people who wait for single jobs.</summary>
    public int? Priority { get; init; }

    /// <summary><c>retry</c> (default) or <c>hold</c>: what follows an attempt that may have been billed.</summary>
    public string? OnUnknown { get; init; }

    /// <summary>Of each line, 1 to 100; default 5.</summary>
    public int? MaxAttempts { get; init; }

    /// <summary>Of each line: attempts that may be billed without a result, 1 to 20; default 2.</summary>
    public int? MaxUnknownAttempts { get; init; }

    /// <summary>An absolute http or https URL without credentials, told how the batch ended.</summary>
    public string? WebhookUrl { get; init; }
}

/// <param name="Anchor">What the time is counted from: <c>created_at</c>.</param>
/// <param name="Seconds">3600 (an hour) to 2592000 (30 days).</param>
public sealed record ExpiresAfter(string Anchor, long Seconds);
