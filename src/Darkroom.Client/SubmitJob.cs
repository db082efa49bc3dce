namespace Darkroom.Client;

/// <summary>The body of <c>POST /v1/jobs</c>. What is null is left to its default.</summary>
public sealed record SubmitJob
{
    /// <summary>One of the configured models.</summary>
    public required string Model { get; init; }

    /// <summary>Not blank, and no longer than the model takes (32000 characters for those shipped).</summary>
    public required string Prompt { get; init; }

    /// <summary><c>auto</c> (default) or another of the model's qualities.</summary>
    public string? Quality { get; init; }

    /// <summary>Pictures asked for, 1 (default) to the model's limit.</summary>
    public int? N { get; init; }

    /// <summary><c>auto</c> (default) or another of the model's sizes.</summary>
    public string? Size { get; init; }

    /// <summary>The caller's own name for the job, at most 512 characters; need not be unique.</summary>
    public string? CustomId { get; init; }

    /// <summary>At most 16 pairs; keys of 1 to 64 characters, values of at most 512.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>0 (first) to 9; default 5.</summary>
    public int? Priority { get; init; }

    /// <summary>No call before this time.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>No call after this time: the job fails instead.</summary>
    public DateTimeOffset? Deadline { get; init; }

    /// <summary>1 to 100; default 5.</summary>
    public int? MaxAttempts { get; init; }

    /// <summary>Attempts that may be billed without a result, 1 to 20; default 2.</summary>
    public int? MaxUnknownAttempts { get; init; }

    /// <summary><c>retry</c> (default) or <c>hold</c>: what follows an attempt that may have been billed.</summary>
    public string? OnUnknown { get; init; }

    /// <summary>An absolute http or https URL without credentials, told how the job ended.</summary>
    public string? WebhookUrl { get; init; }

    /// <summary>Of <c>job.succeeded</c>, <c>job.failed</c>, <c>job.held</c>, <c>job.canceled</c>; default all.</summary>
    public IReadOnlyList<string>? WebhookEvents { get; init; }
}
