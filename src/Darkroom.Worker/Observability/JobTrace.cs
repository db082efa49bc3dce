using System.Diagnostics;
using Darkroom.Worker.Admission;
using Darkroom.Migrations.Rows;
using Darkroom.Worker.Webhooks;

namespace Darkroom.Worker.Observability;

/// <summary>
/// The one trace of a job, from its submission to its webhooks. Its row carries the trace from node to node (<c>trace_parent</c>, W3C), so
/// that whoever works on the job next continues it, whatever crashed before.
/// </summary>
internal static class JobTrace
{
    public const string SourceName = "Darkroom";

    static readonly ActivitySource Source = new(SourceName);

    /// <summary>Trace ids are in the log even where nobody collects traces; spans then cost an id each and record nothing.</summary>
    static readonly ActivityListener IdsForTheLog = new()
    {
        ShouldListenTo = source => source.Name == SourceName,
        Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.PropagationData,
    };

    static JobTrace() => ActivitySource.AddActivityListener(IdsForTheLog);

    /// <summary>What a submission writes into the job's row: the caller's trace where one was sent, else that of the request.</summary>
    public static string? Current => Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity ? activity.Id : null;

    /// <summary>
    /// The trace of a job's row. A job without one (a line of a batch: fifty thousand in one trace would be of no use to anyone) has its
    /// own, whose id is the job's.
    /// </summary>
    public static ActivityContext Of(string? traceParent, Guid jobId)
    {
        if (ActivityContext.TryParse(traceParent, traceState: null, isRemote: true, out var context))
            return context;
        var id = jobId.ToString("N").AsSpan();
        return new(ActivityTraceId.CreateFromString(id), ActivitySpanId.CreateFromString(id[16..]), ActivityTraceFlags.Recorded, isRemote: true);
    }

    /// <summary>Admission hands a job's ticket to Hangfire.</summary>
    public static Activity? Admit(Ticket ticket) => Source
        .StartActivity("admit", ActivityKind.Producer, Of(ticket.TraceParent, ticket.JobId))
        ?.SetTag("darkroom.job.id", ticket.JobId).SetTag("darkroom.ticket", ticket.Number);

    /// <summary>One attempt, from its claim to its place in the ledger.</summary>
    public static Activity? Attempt(string? traceParent, Guid jobId, Guid attemptId) => Source
        .StartActivity("attempt", ActivityKind.Consumer, Of(traceParent, jobId))
        ?.SetTag("darkroom.job.id", jobId).SetTag("darkroom.attempt.id", attemptId);

    /// <summary>A part of an attempt that begins now.</summary>
    public static Activity? Step(string name, Activity? attempt) => Source.StartActivity(name, ActivityKind.Internal, attempt?.Context ?? default);

    /// <summary>A part of an attempt that is over, as it turned out.</summary>
    public static Activity? Past(string name, ActivityKind kind, ActivityContext parent, DateTimeOffset start, DateTimeOffset end) =>
        Source.StartActivity(name, kind, parent, startTime: start)?.SetEndTime(end.UtcDateTime);

    /// <summary>One attempt of a delivery. The receiver gets the trace by the request's <c>traceparent</c>.</summary>
    public static Activity? Deliver(WebhookDelivery delivery) => Source
        .StartActivity("webhook " + delivery.Type, ActivityKind.Producer, Of(delivery.TraceParent, delivery.JobId ?? delivery.BatchId ?? delivery.Id))
        ?.SetTag("darkroom.delivery.id", delivery.Id).SetTag("darkroom.job.id", delivery.JobId).SetTag("server.address", Receivers.Origin(delivery.Url));
}
