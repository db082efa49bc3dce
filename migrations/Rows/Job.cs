namespace Darkroom.Migrations.Rows;

/// <summary>One generation job. The row is the truth: everything else (tickets, spool files, notifications) can be rebuilt from it.</summary>
public sealed class Job
{
    public Guid Id { get; init; }
    public Guid ProjectId { get; init; }
    public Guid? BatchId { get; init; }

    /// <summary>The key that submitted it; null where nobody's did.</summary>
    public Guid? KeyId { get; init; }

    /// <summary>The queue this job stands in: its batch, else its project. Pausing a batch skips one lane, not fifty thousand rows.</summary>
    public Guid Lane { get; init; }
    public required string Endpoint { get; init; }
    public string? CustomId { get; init; }

    public required string Model { get; init; }
    public required string Prompt { get; init; }
    public required string Quality { get; init; }
    public int N { get; init; }
    public required string Size { get; init; }

    public Dictionary<string, string> Metadata { get; init; } = [];
    public short Priority { get; init; }
    public DateTimeOffset? Deadline { get; init; }
    public short MaxAttempts { get; init; }
    public short MaxUnknownAttempts { get; init; }

    /// <summary><c>retry</c> or <c>hold</c>: what an attempt with an unknown outcome leads to.</summary>
    public required string OnUnknown { get; init; }
    public string? WebhookUrl { get; init; }
    public string[]? WebhookEvents { get; init; }

    /// <summary>One of <see cref="JobStatus"/>. Written by the worker's <c>JobTransitions</c> alone.</summary>
    public required string Status { get; init; }

    /// <summary>When the job may next be called: its <c>not_before</c>, then the end of each backoff.</summary>
    public DateTimeOffset DueAt { get; init; }

    /// <summary>Counts tickets handed to Hangfire for this job; only the newest is honoured.</summary>
    public int Ticket { get; init; }

    /// <summary>Set while a ticket for this queued job is under way.</summary>
    public DateTimeOffset? AdmittedAt { get; init; }

    /// <summary>Rate tokens taken for the current admission, given back if no call is made.</summary>
    public int TokensTaken { get; init; }

    /// <summary>The attempt now running, or the one that won.</summary>
    public Guid? AttemptId { get; init; }

    /// <summary>All attempts ever made, which also numbers them.</summary>
    public int Attempts { get; init; }

    /// <summary>Attempts that count towards <see cref="MaxAttempts"/> since the last explicit retry.</summary>
    public short CountedAttempts { get; init; }

    /// <summary>Attempts that count towards <see cref="MaxUnknownAttempts"/> since the last explicit retry.</summary>
    public short UnknownAttempts { get; init; }

    public DateTimeOffset? ResultCreated { get; init; }
    public string? ResultFormat { get; init; }
    public string? ResultQuality { get; init; }
    public string? ResultSize { get; init; }
    public bool? ResultPartial { get; init; }

    /// <summary>The usage of the winning attempt, as the endpoint sent it.</summary>
    public string? Usage { get; init; }

    /// <summary>US$ over all attempts with known usage; null where the model has no price.</summary>
    public decimal? CostAmount { get; init; }

    /// <summary>US$ that attempts of unknown outcome may have cost; null where the model has no price.</summary>
    public decimal? CostPossible { get; init; }

    public string? ErrorCode { get; init; }
    public string? ErrorMessage { get; init; }
    public string? ErrorStage { get; init; }
    public int? ErrorHttpStatus { get; init; }
    public string? ErrorRequestId { get; init; }

    /// <summary>The W3C <c>traceparent</c> of the submission, so that one trace spans all nodes.</summary>
    public string? TraceParent { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? FinishedAt { get; init; }

    public List<Image> Images { get; init; } = [];
}

/// <summary>The states of a job; the diagram is in <c>docs/states.md</c>.</summary>
public static class JobStatus
{
    /// <summary>Waits for its turn, its start time or its next attempt. Entered by submit, backoff and retry; left by a claim.</summary>
    public const string Queued = "queued";

    /// <summary>A node holds it. Entered by a claim; left when its attempt ends, or by rescue when the node dies.</summary>
    public const string Running = "running";

    /// <summary>Has its result. Final.</summary>
    public const string Succeeded = "succeeded";

    /// <summary>A definite no, or out of attempts. Left only by an explicit retry or a late result.</summary>
    public const string Failed = "failed";

    /// <summary>Cancelled by a person or a program. Final; a result that was on its way stays in the ledger as superseded.</summary>
    public const string Canceled = "canceled";

    /// <summary>May have been billed and must not be bought again unasked: a person decides by retry or cancel.</summary>
    public const string Held = "held";

    public static readonly string[] All = [Queued, Running, Succeeded, Failed, Canceled, Held];
}
