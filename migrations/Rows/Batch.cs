namespace Darkroom.Migrations.Rows;

/// <summary>Many jobs from one file. Its jobs are ordinary rows whose lane it is; ordered by their ids they stand in the order of the file.</summary>
public sealed class Batch
{
    public Guid Id { get; init; }
    public Guid ProjectId { get; init; }

    /// <summary>The key that created it; null where nobody's did.</summary>
    public Guid? KeyId { get; init; }

    /// <summary>One of <see cref="BatchStatus"/>. Written by the worker's <c>BatchTransitions</c> alone.</summary>
    public required string Status { get; init; }
    public Guid InputFileId { get; init; }

    /// <summary>As asked for, such as <c>24h</c>.</summary>
    public required string CompletionWindow { get; init; }
    public Dictionary<string, string> Metadata { get; init; } = [];

    /// <summary>Of all its lines; null where they name several, or are not read yet.</summary>
    public string? Model { get; init; }
    public short Priority { get; init; }
    public short MaxAttempts { get; init; }
    public short MaxUnknownAttempts { get; init; }
    public required string OnUnknown { get; init; }
    public string? WebhookUrl { get; init; }

    /// <summary>The ended batch whose failed lines these are.</summary>
    public Guid? RetryOf { get; init; }

    /// <summary>Go on without the lines that are wrong.</summary>
    public bool SkipInvalid { get; init; }

    /// <summary>Pictures in the output file as base64 instead of links.</summary>
    public bool OutputBase64 { get; init; }

    /// <summary>Seconds after its end at which the output and error file go; null for never.</summary>
    public int? OutputExpiresAfter { get; init; }

    /// <summary>Set while nothing more of it is to be sent.</summary>
    public DateTimeOffset? PausedAt { get; init; }

    /// <summary>Lines that became jobs. The counters below are folded from <see cref="BatchDelta"/>; what is in none of them is queued or running.</summary>
    public int Total { get; init; }
    public int Succeeded { get; init; }
    public int Failed { get; init; }
    public int Held { get; init; }
    public int Canceled { get; init; }
    public int SkippedLines { get; init; }

    /// <summary>What is wrong with the lines, the first thousand: <c>[{"code","line","message","param"}]</c>.</summary>
    public string? Errors { get; init; }
    public Guid? OutputFileId { get; init; }
    public Guid? ErrorFileId { get; init; }

    /// <summary>A node reads its lines, cancels them or writes its files until then; renewed while it does.</summary>
    public DateTimeOffset? ClaimedUntil { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset ExpiresAt { get; init; }
    public DateTimeOffset? InProgressAt { get; init; }
    public DateTimeOffset? FinalizingAt { get; init; }
    public DateTimeOffset? CompletedAt { get; init; }
    public DateTimeOffset? FailedAt { get; init; }

    /// <summary>When its time was over; it ends as <c>expired</c> once its calls in flight have ended.</summary>
    public DateTimeOffset? ExpiringAt { get; init; }
    public DateTimeOffset? ExpiredAt { get; init; }
    public DateTimeOffset? CancellingAt { get; init; }
    public DateTimeOffset? CancelledAt { get; init; }
}

/// <summary>The states of a batch, in OpenAI's words.</summary>
public static class BatchStatus
{
    /// <summary>Created; its lines are still to be read. Nothing of it is queued.</summary>
    public const string Validating = "validating";

    /// <summary>A line is wrong. Final; nothing of it was queued.</summary>
    public const string Failed = "failed";

    /// <summary>All lines are jobs. Left when every one has ended, by cancel, or when its time is over.</summary>
    public const string InProgress = "in_progress";

    /// <summary>Cancelled, with calls still in flight; those are left to finish.</summary>
    public const string Cancelling = "cancelling";

    /// <summary>Every line has ended; the output files are being written.</summary>
    public const string Finalizing = "finalizing";

    /// <summary>Final.</summary>
    public const string Completed = "completed";

    /// <summary>Final: the time was over before every line was done.</summary>
    public const string Expired = "expired";

    /// <summary>Final.</summary>
    public const string Cancelled = "cancelled";

    public static readonly string[] All = [Validating, Failed, InProgress, Finalizing, Completed, Expired, Cancelling, Cancelled];

    public static readonly string[] Final = [Failed, Completed, Expired, Cancelled];
}

/// <summary>
/// What a change of a job's state does to its batch's counters, written in that change's transaction: completions never wait for the
/// batch's row. A sweep folds and deletes them.
/// </summary>
public sealed class BatchDelta
{
    public long Id { get; init; }
    public Guid BatchId { get; init; }
    public int Succeeded { get; init; }
    public int Failed { get; init; }
    public int Held { get; init; }
    public int Canceled { get; init; }
}

/// <summary>A file that a project uploaded, or that a batch wrote. The bytes are in the store.</summary>
public sealed class StoredFile
{
    public Guid Id { get; init; }
    public Guid ProjectId { get; init; }

    /// <summary><c>batch</c> or <c>batch_output</c>; <c>incoming</c> while its bytes are still on their way to the store.</summary>
    public required string Purpose { get; init; }
    public required string Filename { get; init; }
    public long Bytes { get; init; }
    public required byte[] Sha256 { get; init; }
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Null for never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}
