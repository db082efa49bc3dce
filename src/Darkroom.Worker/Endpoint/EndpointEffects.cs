using Darkroom.Migrations.Rows;
using Microsoft.Extensions.Options;
using EndpointRow = Darkroom.Migrations.Rows.Endpoint;

namespace Darkroom.Worker.Endpoint;

/// <summary>What the outcome of one call does to the endpoint for all the others: the last column of the failure table.</summary>
internal sealed class EndpointEffects(EndpointStates states, IOptions<EndpointSettings> settings)
{
    /// <summary>
    /// To be called once after each call, before its job may be admitted again; repeated after an outage it changes nothing twice. An
    /// ordinary success reads one row and writes nothing. A node that dies before this loses only what the next call finds out anew.
    /// </summary>
    /// <param name="startedAt">The attempt's <c>started_at</c>: by the database's clock.</param>
    public async Task ApplyAsync(string name, Guid jobId, DateTimeOffset startedAt, CallOutcome outcome, CancellationToken ct)
    {
        if (settings.Value.Endpoint(name) is not { } options || await states.ReadAsync(name, ct) is not var (row, now))
            return;
        var call = new EndedCall(row, options, now, jobId, startedAt, (outcome as CallOutcome.Failed)?.Failure, outcome.Limits);
        if (call.Failure is { Traits: { AttemptStatus: AttemptStatus.Undelivered, Effect: EndpointEffect.None } })
        {
            if (call.IsProbe)
                await states.ProbeReturnedAsync(name, jobId, ct);
            return;
        }

        // Before the gate opens: that would make the call older than the state it is to change.
        if (call.Failure is not null)
            await FailAsync(call, call.Failure, ct);
        if (row.State == EndpointState.Gated && call.GotThrough)
            await states.OpenGateAsync(name, startedAt, ct);
        else if (call.IsProbe && call.Failure is null)
            await states.ResumeByProbeAsync(name, jobId, ct);
        else if (call.IsProbe)
            await states.ProbeFailedAsync(row, jobId, call.Failure!.Message, ct);
        if (call.GotThrough)
            await SettleAsync(call, ct);
    }

    Task FailAsync(EndedCall call, CallFailure failure, CancellationToken ct) => failure.Traits.Effect switch
    {
        EndpointEffect.Pause => states.PauseAsync(call.Row.Name, failure.Message, call.JobId, call.StartedAt, ct),
        EndpointEffect.PauseAfterThree => states.ForbiddenAsync(call.Row.Name, failure.Message, call.JobId, call.StartedAt, ct),
        EndpointEffect.Gate => states.GateAsync(call.Row.Name, failure.Message, call.JobId, call.StartedAt, ct),
        EndpointEffect.HoldBack => HoldBackAsync(call, failure, ct),
        _ => Task.CompletedTask,
    };

    /// <summary>A call sent before the last change of pace says nothing about the present one, but may know how long to wait.</summary>
    async Task HoldBackAsync(EndedCall call, CallFailure failure, CancellationToken ct)
    {
        var wait = failure.RetryAfter ?? Backoff.Delay(settings.Value.Backoff, call.Row.Throttles + 1, Random.Shared.NextDouble());
        var slower = Pace.AfterThrottle(call.Row, call.Options, settings.Value.Pace, call.Limits);
        var first = call.Row.LearnedAt is null || call.StartedAt > call.Row.LearnedAt;
        if (first && await states.SlowDownAsync(call.Row, wait, slower, ct))
            return;
        if (failure.RetryAfter is { } asked)
            await states.HoldBackAsync(call.Row.Name, asked, ct);
    }

    /// <summary>What any call that got through ends or teaches.</summary>
    async Task SettleAsync(EndedCall call, CancellationToken ct)
    {
        var effect = call.Failure?.Traits.Effect;
        if (call.Row.ForbiddenJobs.Length > 0 && effect != EndpointEffect.PauseAfterThree)
            await states.NotForbiddenAsync(call.Row.Name, ct);
        if (call.Row.Throttles > 0 && call.Failure is null)
            await states.NotThrottledAsync(call.Row.Name, call.StartedAt, ct);
        if (effect == EndpointEffect.HoldBack)
            return;
        var images = Pace.AfterAnswer(
            call.Row, call.Options, settings.Value.Pace, call.Limits, good: call.Failure is null, call.StartedAt, call.Now);
        var tokens = Pace.TokensAfterAnswer(call.Row, call.Options, settings.Value.Pace, call.Limits, call.Now);
        if (images != call.Row.LearnedImagesPerMinute || tokens != call.Row.LearnedTokensPerMinute)
            await states.LearnAsync(call.Row, images, tokens, ct);
    }

    /// <param name="Row">The endpoint as it stood when the call ended.</param>
    /// <param name="Failure">Null where a picture came.</param>
    sealed record EndedCall(
        EndpointRow Row, EndpointOptions Options, DateTimeOffset Now, Guid JobId, DateTimeOffset StartedAt,
        CallFailure? Failure, RateHeaders Limits)
    {
        public bool IsProbe => Row.ProbeJobId == JobId;

        /// <summary>Any answer, or a break after sending: the way there is open.</summary>
        public bool GotThrough => Failure?.Traits.AttemptStatus != AttemptStatus.Undelivered;
    }
}
