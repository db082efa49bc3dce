namespace Darkroom.Client;

/// <summary>The data of a server-sent event named <c>job</c>: a job's status has changed.</summary>
/// <param name="Id">Of the event, as in <c>Last-Event-ID</c>.</param>
/// <param name="BatchId">Null where the job belongs to none.</param>
/// <param name="Status">What it became.</param>
public sealed record JobEvent(string Id, string JobId, string? BatchId, string Status, DateTimeOffset At);

/// <summary>One server-sent event: of a job, or of a batch.</summary>
/// <param name="EventId">For <c>Last-Event-ID</c>; null where the event has none.</param>
public sealed record Change(string? EventId, JobEvent? Job, Batch? Batch);
