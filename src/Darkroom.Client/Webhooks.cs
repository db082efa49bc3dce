using System.Text.Json.Serialization;

namespace Darkroom.Client;

/// <summary>The body of a delivery, by Standard Webhooks. Fields may be added; none changes its meaning within a version.</summary>
/// <param name="Type">What happened: <c>job.succeeded</c>, <c>job.failed</c>, <c>job.held</c>, <c>job.canceled</c>, or of a batch.</param>
/// <param name="Timestamp">When it happened. Deliveries may come in any order: an older event than one already seen can be ignored.</param>
/// <param name="Data">The job as it was then; its links to pictures are signed and last seven days. A very long prompt is cut.</param>
public sealed record WebhookEvent<T>(string Type, DateTimeOffset Timestamp, T Data)
{
    /// <summary>1.</summary>
    public int Version { get; init; } = 1;
}

/// <summary>The body of a registration.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record RegisterWebhook
{
    /// <summary>Absolute, https, at most 2048 characters, on the public Internet.</summary>
    public string? Url { get; init; }

    /// <summary>The events to be told of; all if left out.</summary>
    public string[]? Events { get; init; }
}

/// <summary>A registered receiver.</summary>
public sealed record WebhookEndpoint
{
    /// <summary><c>whe_</c> and 32 hexadecimal digits.</summary>
    public required string Id { get; init; }

    /// <summary>Always <c>webhook_endpoint</c>.</summary>
    public string Object { get; init; } = "webhook_endpoint";
    public required string Url { get; init; }
    public required IReadOnlyList<string> Events { get; init; }

    /// <summary><c>enabled</c> or <c>disabled</c>.</summary>
    public required string Status { get; init; }
    public string? DisabledReason { get; init; }

    /// <summary>Since when nothing has got through; null while deliveries succeed.</summary>
    public DateTimeOffset? FailingSince { get; init; }

    /// <summary>Until when the secret before the last rotation signs too.</summary>
    public DateTimeOffset? PreviousSecretUntil { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary><c>whsec_</c> and base64. Shown when it is made, and never again.</summary>
    public string? Secret { get; init; }
}

/// <summary>One event for one receiver.</summary>
public sealed record WebhookDelivery
{
    /// <summary><c>msg_</c> and 32 hexadecimal digits: the <c>webhook-id</c> of all its attempts.</summary>
    public required string Id { get; init; }

    /// <summary>Always <c>webhook_delivery</c>.</summary>
    public string Object { get; init; } = "webhook_delivery";
    public string? EndpointId { get; init; }
    public required string Url { get; init; }
    public required string Type { get; init; }
    public string? JobId { get; init; }
    public string? BatchId { get; init; }

    /// <summary><c>pending</c>, <c>succeeded</c> or <c>failed</c>.</summary>
    public required string Status { get; init; }
    public required int Attempts { get; init; }

    /// <summary>When it is tried next; null once it has ended.</summary>
    public DateTimeOffset? DueAt { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Of the last attempt.</summary>
    public int? HttpStatus { get; init; }
    public string? Error { get; init; }
}

/// <summary>One request to a receiver.</summary>
/// <param name="Number">From 1.</param>
/// <param name="HttpStatus">Null where no answer came.</param>
/// <param name="Error">Null where the receiver answered 2xx.</param>
/// <param name="Answer">The first characters of what it answered.</param>
public sealed record WebhookAttempt(int Number, DateTimeOffset StartedAt, int DurationMs, int? HttpStatus, string? Error, string? Answer);

/// <summary>The body of a recovery.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record RecoverWebhooks
{
    /// <summary>Failed deliveries created at or after this time are sent again.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Only this receiver's; all of the project's if left out.</summary>
    public string? EndpointId { get; init; }
}

/// <param name="Recovered">How many deliveries are sent again.</param>
public sealed record RecoveredWebhooks(int Recovered);

/// <param name="Key"><c>whsec_</c> and base64.</param>
public sealed record WebhookSecret(string Key);
