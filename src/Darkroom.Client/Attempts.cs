using System.Text.Json;
using System.Text.Json.Serialization;

namespace Darkroom.Client;

/// <summary>One call of a job, as the ledger holds it.</summary>
public sealed record Attempt
{
    /// <summary><c>att_</c> and 32 hexadecimal digits; the same id travelled to the endpoint as <c>X-Client-Request-Id</c>.</summary>
    public required string Id { get; init; }

    /// <summary>1 for a job's first attempt.</summary>
    public required int Number { get; init; }

    /// <summary>
    /// <c>dispatched</c>, <c>received</c>, <c>succeeded</c>, <c>rejected</c> and <c>throttled</c> (not billed), <c>undelivered</c>
    /// (never left), <c>failed</c> (billed, useless), <c>unknown</c> (may be billed) or <c>superseded</c> (billed, not needed).
    /// </summary>
    public required string Status { get; init; }

    /// <summary>The worker that made the call.</summary>
    public required string Node { get; init; }
    public required DateTimeOffset StartedAt { get; init; }
    public DateTimeOffset? FinishedAt { get; init; }
    public int? HttpStatus { get; init; }

    /// <summary>The endpoint's own name for the call.</summary>
    public string? RequestId { get; init; }

    /// <summary>To the letter as the endpoint sent it; null where it sent none.</summary>
    [JsonConverter(typeof(RawJson))]
    public JsonElement? Usage { get; init; }
    public required JobCost Cost { get; init; }
    public AttemptError? Error { get; init; }
}

/// <summary>Why an attempt brought nothing.</summary>
public sealed record AttemptError(string? Code, string? Message, string? Stage);
