using System.Diagnostics;
using Darkroom.Worker.Api;
using Darkroom.Worker.Endpoint;
using Darkroom.Worker.Execution;
using Darkroom.Worker.Jobs;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Observability;

/// <summary>Begins to watch attempts. What is seen becomes, at the end of each, a span with its parts, figures, and one line of the log.</summary>
internal sealed partial class AttemptTelemetry(
    DarkroomMetrics metrics, NodeIdentity node, IOptions<EndpointSettings> endpoints, IOptions<TelemetryOptions> options, TimeProvider clock,
    ILogger<AttemptTelemetry> logger)
{
    public WatchedAttempt Begin(ClaimedJob job)
    {
        if (options.Value.LogPrompts)
            Log.Prompt(logger, job.AttemptId, job.Prompt);
        return Watch(job);
    }

    /// <summary>The end of an attempt whose node is gone, told by the node that found out.</summary>
    public void Rescued(ClaimedJob job, AttemptEnd end)
    {
        using var watched = Watch(job);
        watched.Ended(end);
    }

    WatchedAttempt Watch(ClaimedJob job)
    {
        var facts = new AttemptFacts { JobId = job.JobId, AttemptId = job.AttemptId, Endpoint = job.Endpoint, Model = job.Model, Number = job.Number };
        if (job.StartedAt > job.DueAt)
            facts.Steps.Add(("wait", job.StartedAt - job.DueAt));
        return new WatchedAttempt(this, facts, JobTrace.Attempt(job.TraceParent, job.JobId, job.AttemptId), clock);
    }

    /// <summary>An answer that a process which is gone had received.</summary>
    public WatchedAttempt Adopt(SpoolManifest manifest) => new(
        this,
        new AttemptFacts { JobId = manifest.JobId, AttemptId = manifest.AttemptId, Endpoint = manifest.Endpoint ?? "", Model = manifest.Model },
        JobTrace.Attempt(manifest.TraceParent, manifest.JobId, manifest.AttemptId), clock);

    public void CallEnded(AttemptFacts facts, TimeSpan duration, string? reason) => metrics.CallEnded(Conventions(facts), duration, reason);

    public void Write(AttemptFacts facts, Activity? span)
    {
        if (facts.Outcome != AttemptFacts.Left)
            metrics.AttemptEnded(facts, Conventions(facts));
        Log.Ended(
            logger, facts.Outcome is "succeeded" or "superseded" or "throttled" or AttemptFacts.Left ? LogLevel.Information : LogLevel.Warning,
            WireId.Job.Format(facts.JobId), facts.AttemptId, facts.Number, node.Name, facts.Endpoint, facts.Model, facts.Outcome, facts.Reason, facts.Code,
            facts.JobStatus, facts.HttpStatus, facts.RequestId, facts.Milliseconds("wait"), facts.Milliseconds("first_byte"), facts.Milliseconds("body"),
            facts.Milliseconds("keep"), facts.Milliseconds("store"), facts.Milliseconds("record"), facts.BodyBytes, facts.PictureBytes, facts.Images,
            facts.Usage?.Input, facts.Usage?.Output, facts.Cost, facts.PossibleCost, span?.TraceId.ToHexString());
        if (span is { IsAllDataRequested: true })
            Describe(span, facts);
    }

    void Describe(Activity span, AttemptFacts facts)
    {
        span.SetTag("darkroom.node", node.Name).SetTag("darkroom.endpoint", facts.Endpoint).SetTag("darkroom.attempt.number", facts.Number)
            .SetTag("darkroom.outcome", facts.Outcome).SetTag("darkroom.job.status", facts.JobStatus).SetTag("darkroom.images", facts.Images)
            .SetTag("darkroom.cost.usd", (double?)facts.Cost).SetTag("darkroom.cost.possible.usd", (double?)facts.PossibleCost);
        if (facts.Reason != "none")
            span.SetTag("error.type", facts.Reason).SetStatus(ActivityStatusCode.Error, facts.Code);
    }

    /// <summary>The semantic conventions for GenAI clients: what every measurement and span of a call has in common.</summary>
    public TagList Conventions(AttemptFacts facts)
    {
        var url = endpoints.Value.Endpoint(facts.Endpoint)?.GenerationsUrl();
        return new()
        {
            { "gen_ai.operation.name", Operation },
            { "gen_ai.provider.name", "openai" },
            { "gen_ai.request.model", facts.Model },
            { "server.address", url?.Host },
            { "server.port", url?.Port },
        };
    }

    /// <summary>The conventions have no name of its own for pictures; <c>gen_ai.output.type</c> tells them apart.</summary>
    public const string Operation = "generate_content";

    static partial class Log
    {
        [LoggerMessage(
            "attempt {Attempt} job={Job} number={Number} node={Node} endpoint={Endpoint} model={Model} outcome={Outcome} reason={Reason} code={Code} "
            + "job_status={JobStatus} http_status={HttpStatus} request_id={RequestId} wait_ms={WaitMs} first_byte_ms={FirstByteMs} body_ms={BodyMs} "
            + "keep_ms={KeepMs} store_ms={StoreMs} record_ms={RecordMs} body_bytes={BodyBytes} picture_bytes={PictureBytes} images={Images} "
            + "input_tokens={InputTokens} output_tokens={OutputTokens} cost_usd={CostUsd} possible_cost_usd={PossibleCostUsd} trace_id={TraceId}")]
        public static partial void Ended(
            ILogger logger, LogLevel level, string job, Guid attempt, int number, string node, string endpoint, string model, string outcome, string reason,
            string? code, string? jobStatus, int? httpStatus, string? requestId, double? waitMs, double? firstByteMs, double? bodyMs, double? keepMs,
            double? storeMs, double? recordMs, long bodyBytes, long pictureBytes, int images, long? inputTokens, long? outputTokens, decimal? costUsd,
            decimal? possibleCostUsd, string? traceId);

        [LoggerMessage(LogLevel.Information, "The prompt of attempt {Attempt}: {Prompt}")]
        public static partial void Prompt(ILogger logger, Guid attempt, string prompt);
    }
}
