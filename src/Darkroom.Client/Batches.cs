using System.Text.Json.Serialization;

namespace Darkroom.Client;

/// <summary>
/// A batch as OpenAI's API tells it, with what goes beyond at the end (from <see cref="Counts"/> on). Every field is always present; times
/// are Unix seconds, null where the thing has not happened.
/// </summary>
public sealed record Batch
{
    /// <summary><c>batch_</c> and 32 hexadecimal digits that sort by time.</summary>
    public required string Id { get; init; }

    /// <summary>Always <c>batch</c>.</summary>
    public string Object { get; init; } = "batch";

    /// <summary><c>/v1/images/generations</c>.</summary>
    public required string Endpoint { get; init; }

    /// <summary>The model of all lines; null where they name several, or the lines are not read yet.</summary>
    public string? Model { get; init; }

    /// <summary>Bad lines, first 1000; null where there are none.</summary>
    public BatchErrors? Errors { get; init; }
    public required string InputFileId { get; init; }
    public required string CompletionWindow { get; init; }

    /// <summary>
    /// <c>validating</c>, <c>in_progress</c>, <c>finalizing</c>, <c>cancelling</c>, and ended: <c>completed</c> (whatever became of its lines),
    /// <c>failed</c> (bad lines; nothing was enqueued), <c>expired</c> or <c>cancelled</c>.
    /// </summary>
    public required string Status { get; init; }

    /// <summary>Whether nothing changes any more.</summary>
    [JsonIgnore]
    public bool HasEnded => Status is "completed" or "failed" or "expired" or "cancelled";

    /// <summary>Results of the lines that succeeded, in input order; null until the batch has ended, or where there are none.</summary>
    public string? OutputFileId { get; init; }

    /// <summary>The lines that did not succeed, and why; null until the batch has ended, or where there are none.</summary>
    public string? ErrorFileId { get; init; }
    public required long CreatedAt { get; init; }
    public long? InProgressAt { get; init; }

    /// <summary>When lines that are not yet sent, or held, become <c>batch_expired</c>.</summary>
    public long? ExpiresAt { get; init; }
    public long? FinalizingAt { get; init; }
    public long? CompletedAt { get; init; }
    public long? FailedAt { get; init; }
    public long? ExpiredAt { get; init; }
    public long? CancellingAt { get; init; }
    public long? CancelledAt { get; init; }
    public required BatchRequestCounts RequestCounts { get; init; }

    /// <summary>Over all lines that have brought usage; null while none has.</summary>
    public BatchUsage? Usage { get; init; }
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>The lines by the status of their jobs.</summary>
    public required BatchCounts Counts { get; init; }

    /// <summary>Bad lines that the batch goes on without, asked to by <c>metadata.darkroom_skip_invalid</c>.</summary>
    public required int SkippedLines { get; init; }

    /// <summary>Since when nothing of it is sent; null while it is not paused.</summary>
    public long? PausedAt { get; init; }
    public required int Priority { get; init; }
    public required string OnUnknown { get; init; }
    public required int MaxAttempts { get; init; }
    public required int MaxUnknownAttempts { get; init; }
    public string? WebhookUrl { get; init; }

    /// <summary>The batch whose failed lines these are.</summary>
    public string? RetryOf { get; init; }
    public required JobCost Cost { get; init; }

    /// <summary>Pictures stored.</summary>
    public required long Images { get; init; }

    /// <summary>Lately; null where not known.</summary>
    public double? ImagesPerMinute { get; init; }

    /// <summary>Null where not known: nothing has come yet, paused, or ended.</summary>
    public long? EstimatedEndAt { get; init; }

    /// <summary>In webhooks alone: signed, for seven days; absent where there is no such file.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? OutputFileUrl { get; init; }

    /// <inheritdoc cref="OutputFileUrl"/>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ErrorFileUrl { get; init; }
}

/// <summary>OpenAI's three counts.</summary>
/// <param name="Completed">Lines that succeeded.</param>
/// <param name="Failed">Lines that ended otherwise.</param>
public sealed record BatchRequestCounts(int Total, int Completed, int Failed);

/// <summary>The lines of a batch by the status of their jobs.</summary>
/// <param name="Held">A person must decide.</param>
public sealed record BatchCounts(int Queued, int Running, int Succeeded, int Failed, int Held, int Canceled);

/// <summary>What was wrong with the input.</summary>
/// <param name="Data">In the order of the file.</param>
public sealed record BatchErrors(IReadOnlyList<BatchError> Data)
{
    /// <summary>Always <c>list</c>.</summary>
    [JsonPropertyOrder(-1)]
    public string Object { get; init; } = "list";
}

/// <summary>One thing that was wrong with the input.</summary>
/// <param name="Line">From 1; null where it is about the whole file.</param>
/// <param name="Param">The wrong field; null where the line is not JSON.</param>
public sealed record BatchError(string? Code, int? Line, string Message, string? Param);

/// <summary>Tokens, in OpenAI's words.</summary>
public sealed record BatchUsage(
    long InputTokens, InputTokensDetails InputTokensDetails, long OutputTokens, OutputTokensDetails OutputTokensDetails, long TotalTokens);

public sealed record InputTokensDetails(long CachedTokens);

/// <param name="ReasoningTokens">0: image models do not tell any.</param>
public sealed record OutputTokensDetails(long ReasoningTokens);
