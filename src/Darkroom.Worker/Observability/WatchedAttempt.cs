using System.Diagnostics;
using Darkroom.Worker.Endpoint;
using Darkroom.Worker.Execution;
using Darkroom.Worker.Jobs;
using Darkroom.Worker.Usage;

namespace Darkroom.Worker.Observability;

/// <summary>One attempt as it is told about, fact by fact, beside the code that makes it. Nothing here can fail or delay it.</summary>
internal sealed class WatchedAttempt : IDisposable
{
    readonly AttemptTelemetry telemetry;
    readonly AttemptFacts facts;
    readonly Activity? span;
    readonly TimeProvider clock;
    long? answered;

    public WatchedAttempt(AttemptTelemetry telemetry, AttemptFacts facts, Activity? span, TimeProvider clock) =>
        (this.telemetry, this.facts, this.span, this.clock) = (telemetry, facts, span, clock);

    /// <summary>The call has ended; its parts are told from here, by their times.</summary>
    public void Called(CallOutcome outcome)
    {
        answered = clock.GetTimestamp();
        var body = outcome switch
        {
            CallOutcome.Answered good => good.Body,
            CallOutcome.Failed failed => failed.Partial,
            _ => null,
        };
        facts.BodyBytes = body?.BodyBytes ?? 0;
        if (outcome.Timing is not { } timing)
            return;
        if (timing.FirstByte is { } first)
        {
            facts.Steps.Add(("first_byte", first));
            facts.Steps.Add(("body", timing.Total - first));
        }
        var failure = (outcome as CallOutcome.Failed)?.Failure;
        telemetry.CallEnded(facts, timing.Total, failure is null ? null : CallFailure.CodeOf(failure.Kind));
        if (span is { IsAllDataRequested: true })
            Draw(timing, failure, (outcome as CallOutcome.Answered)?.HttpStatus ?? failure?.HttpStatus, TokenUsage.Read(body?.UsageJson));
    }

    /// <summary>Spans of the call and of the decoding within it, after the fact.</summary>
    void Draw(CallTiming timing, CallFailure? failure, int? status, TokenUsage? usage)
    {
        var end = clock.GetUtcNow();
        using var call = JobTrace.Past($"{AttemptTelemetry.Operation} {facts.Model}", ActivityKind.Client, span!.Context, end - timing.Total, end);
        if (call is null)
            return;
        foreach (var (name, value) in telemetry.Conventions(facts))
            call.SetTag(name, value);
        call.SetTag("gen_ai.output.type", "image").SetTag("http.response.status_code", status)
            .SetTag("gen_ai.usage.input_tokens", usage?.Input).SetTag("gen_ai.usage.output_tokens", usage?.Output);
        if (failure is not null)
            call.SetTag("error.type", CallFailure.CodeOf(failure.Kind)).SetStatus(ActivityStatusCode.Error, failure.Code);
        if (timing.FirstByte is { } first)
            JobTrace.Past("decode", ActivityKind.Internal, call.Context, end - timing.Total + first, end)?.SetTag("darkroom.body.bytes", facts.BodyBytes).Dispose();
    }

    /// <summary>Pictures go to the store, until the result is disposed.</summary>
    public Step Storing()
    {
        if (answered is { } since)
            facts.Steps.Add(("keep", clock.GetElapsedTime(since)));
        return new Step(this, "store");
    }

    /// <summary>The result goes to the database, until the result is disposed.</summary>
    public Step Recording() => new(this, "record");

    /// <summary>The answer is in the ledger.</summary>
    public void Recorded(Recording recording, SpoolManifest manifest, decimal? cost)
    {
        facts.Outcome = recording switch
        {
            Jobs.Recording.Succeeded => "succeeded",
            Jobs.Recording.Superseded => "superseded",
            _ => AttemptFacts.Left,
        };
        facts.JobStatus = recording == Jobs.Recording.Succeeded ? "succeeded" : null;
        (facts.HttpStatus, facts.RequestId) = (manifest.Facts.HttpStatus, manifest.Facts.RequestId);
        (facts.Images, facts.PictureBytes) = (manifest.Pictures.Count, manifest.Bytes);
        (facts.Usage, facts.Cost) = (TokenUsage.Read(manifest.Usage), cost);
    }

    /// <summary>The attempt is in the ledger without a result; where another process had ended it before, that one has told of it.</summary>
    public void Ended(AttemptEnd end)
    {
        if (end.Ended == Jobs.Ended.Nothing)
            return;
        (facts.Outcome, facts.Reason, facts.JobStatus) = (end.Ending.Status, end.Reason, end.Ended == Jobs.Ended.AttemptAndJob ? end.Next : null);
        (facts.HttpStatus, facts.RequestId, facts.Code) = (end.Ending.HttpStatus, end.Ending.RequestId, end.Ending.ErrorCode);
        (facts.Usage, facts.Cost, facts.PossibleCost) = (TokenUsage.Read(end.Ending.Usage), end.Ending.Cost, end.Ending.PossibleCost);
    }

    public void Dispose()
    {
        telemetry.Write(facts, span);
        span?.Dispose();
    }

    internal readonly struct Step(WatchedAttempt attempt, string name) : IDisposable
    {
        readonly long start = attempt.clock.GetTimestamp();
        readonly Activity? part = JobTrace.Step(name, attempt.span);

        public void Dispose()
        {
            attempt.facts.Steps.Add((name, attempt.clock.GetElapsedTime(start)));
            part?.Dispose();
        }
    }
}
