namespace Darkroom.Migrations.Rows;

/// <summary>One paid call, in the ledger before it leaves and for good. Its id travels as <c>X-Client-Request-Id</c>.</summary>
public sealed class Attempt
{
    public Guid Id { get; init; }
    public Guid JobId { get; init; }

    /// <summary>1 for a job's first attempt.</summary>
    public int Number { get; init; }

    /// <summary>One of <see cref="AttemptStatus"/>. Written by the worker's <c>JobTransitions</c> alone.</summary>
    public required string Status { get; init; }
    public Guid NodeId { get; init; }
    public required string NodeName { get; init; }
    public required string Endpoint { get; init; }
    public DateTimeOffset StartedAt { get; init; }
    public DateTimeOffset? ReceivedAt { get; init; }
    public DateTimeOffset? FinishedAt { get; init; }
    public int? HttpStatus { get; init; }
    public string? RequestId { get; init; }

    /// <summary>As the endpoint sent it.</summary>
    public string? Usage { get; init; }

    /// <summary>US$; null where usage or price is not known.</summary>
    public decimal? Cost { get; init; }

    /// <summary>US$ this attempt may have cost while its outcome is unknown; null where the model has no price or the outcome is known.</summary>
    public decimal? PossibleCost { get; init; }

    public string? ErrorCode { get; init; }
    public string? ErrorMessage { get; init; }
    public string? ErrorStage { get; init; }
}

/// <summary>The states of an attempt; the diagram is in <c>docs/states.md</c>.</summary>
public static class AttemptStatus
{
    /// <summary>Committed just before the call is sent; from here the call may be billed.</summary>
    public const string Dispatched = "dispatched";

    /// <summary>The whole body is in the spool, fsynced; it will not be bought again while the spool exists.</summary>
    public const string Received = "received";

    public const string Succeeded = "succeeded";

    /// <summary>A definite no, not billed.</summary>
    public const string Rejected = "rejected";

    /// <summary>Too fast or busy, not billed.</summary>
    public const string Throttled = "throttled";

    /// <summary>Never left this node.</summary>
    public const string Undelivered = "undelivered";

    /// <summary>Billed, and useless.</summary>
    public const string Failed = "failed";

    /// <summary>May have been billed.</summary>
    public const string Unknown = "unknown";

    /// <summary>Billed, good, and not needed: another attempt won or the job was cancelled.</summary>
    public const string Superseded = "superseded";
}
