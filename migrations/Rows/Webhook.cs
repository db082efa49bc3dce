namespace Darkroom.Migrations.Rows;

/// <summary>A receiver that a project registered; or, without a URL, the project's own secret, which signs deliveries to a job's own URL.</summary>
public sealed class WebhookEndpoint
{
    public Guid Id { get; init; }
    public Guid ProjectId { get; init; }

    /// <summary>Null for the project's own secret.</summary>
    public string? Url { get; init; }

    /// <summary>The events it is told of.</summary>
    public string[] Events { get; init; } = [];

    /// <summary>Encrypted by ASP.NET Core Data Protection.</summary>
    public required byte[] Secret { get; init; }

    /// <summary>The secret before the last rotation; signs too until <see cref="PreviousUntil"/>.</summary>
    public byte[]? PreviousSecret { get; init; }
    public DateTimeOffset? PreviousUntil { get; init; }
    public DateTimeOffset? DisabledAt { get; init; }
    public string? DisabledReason { get; init; }

    /// <summary>Since when no delivery has succeeded; null while they do.</summary>
    public DateTimeOffset? FailingSince { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
}

/// <summary>One event for one receiver, written by the transition that raised it.</summary>
public sealed class WebhookDelivery
{
    /// <summary>Travels as <c>webhook-id</c>, the same over all attempts.</summary>
    public Guid Id { get; init; }
    public Guid ProjectId { get; init; }

    /// <summary>Null where the job or batch named the URL itself.</summary>
    public Guid? EndpointId { get; init; }
    public required string Url { get; init; }

    /// <summary>
    /// What is slow or dead together, and paced together: the registered receiver's id or, for a URL that a job or batch named itself, its project
    /// with scheme, host and port. For people there is <see cref="Url"/>.
    /// </summary>
    public required string Receiver { get; init; }
    public required string Type { get; init; }
    public Guid? JobId { get; init; }
    public Guid? BatchId { get; init; }

    /// <summary>The rows as they were when the event happened; gone once the payload is made of them.</summary>
    public string? Snapshot { get; init; }

    /// <summary>The body, the same bytes in every attempt; made by the first.</summary>
    public string? Payload { get; init; }

    /// <summary>One of <see cref="WebhookStatus"/>.</summary>
    public required string Status { get; init; }
    public int Attempts { get; init; }

    /// <summary>Attempts made before the round that a resend began; the schedule begins anew with each.</summary>
    public int RoundFrom { get; init; }

    /// <summary>Counts issues and claims; only the newest number is honoured.</summary>
    public int Ticket { get; init; }
    public DateTimeOffset DueAt { get; init; }

    /// <summary>Set while a ticket for it, or an attempt, is under way.</summary>
    public DateTimeOffset? IssuedAt { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? FinishedAt { get; init; }
    public int? LastHttpStatus { get; init; }
    public string? LastError { get; init; }

    /// <summary>The W3C <c>traceparent</c> of the job that raised it.</summary>
    public string? TraceParent { get; init; }
}

public static class WebhookStatus
{
    /// <summary>Waits for its next attempt, or is under way.</summary>
    public const string Pending = "pending";

    /// <summary>The receiver answered 2xx.</summary>
    public const string Succeeded = "succeeded";

    /// <summary>Given up; left only by a resend.</summary>
    public const string Failed = "failed";

    public static readonly string[] All = [Pending, Succeeded, Failed];
}

/// <summary>One request to a receiver.</summary>
public sealed class WebhookAttempt
{
    public Guid Id { get; init; }
    public Guid DeliveryId { get; init; }
    public int Number { get; init; }
    public DateTimeOffset StartedAt { get; init; }
    public int DurationMs { get; init; }
    public int? HttpStatus { get; init; }
    public string? Error { get; init; }

    /// <summary>The first bytes of what it answered.</summary>
    public string? Answer { get; init; }
}

/// <summary>What a receiver's last attempt says of the next. Those not known to work, and soon, share a part of the senders.</summary>
public sealed class WebhookReceiver
{
    public required string Receiver { get; init; }
    public bool Working { get; init; }

    /// <summary>It worked, but kept a sender long.</summary>
    public bool Slow { get; init; }

    /// <summary>It asked to be told nothing until then; null if it never did.</summary>
    public DateTimeOffset? NotBefore { get; init; }
}
