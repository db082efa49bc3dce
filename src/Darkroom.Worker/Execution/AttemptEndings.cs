using Darkroom.Migrations.Rows;
using Darkroom.Worker.Endpoint;
using Darkroom.Worker.Jobs;
using Darkroom.Worker.Usage;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Execution;

/// <summary>Turns a failed call into its place in the ledger and the job's next state, by the failure table and the retry policy.</summary>
internal sealed class AttemptEndings(JobTransitions jobs, Pricing pricing, IOptions<EndpointSettings> settings)
{
    public async Task<AttemptEnd> EndAsync(ClaimedJob job, CallFailure failure, CancellationToken ct)
    {
        var caps = AttemptCaps.After(
            failure, job.CountedAttempts, job.UnknownAttempts, job.MaxAttempts, job.MaxUnknownAttempts, job.OnUnknown);
        var ending = Ending(job, failure);
        var reason = CallFailure.CodeOf(failure.Kind);
        return RetryPolicy.Decide(failure, caps, settings.Value.Backoff, Random.Shared.NextDouble()) switch
        {
            JobNext.RetryAt later => new(ending, reason, JobStatus.Queued, await jobs.RetryLaterAsync(job.AttemptId, ending, later.Delay, ct)),
            JobNext.WaitForEndpoint => new(ending, reason, JobStatus.Queued, await jobs.RetryLaterAsync(job.AttemptId, ending, TimeSpan.Zero, ct)),
            JobNext.Hold held => await HoldAsync(job.AttemptId, ending with { JobMessage = held.Message }, reason, ct),
            JobNext.Fail failed => new(
                ending, reason, JobStatus.Failed, await jobs.FailAsync(job.AttemptId, ending with { JobMessage = failed.Message }, ct)),
            var other => throw new InvalidOperationException($"The retry policy decided {other}."),
        };
    }

    async Task<AttemptEnd> HoldAsync(Guid attemptId, AttemptEnding ending, string reason, CancellationToken ct) =>
        new(ending, reason, JobStatus.Held, await jobs.HoldAsync(attemptId, ending, ct));

    /// <summary>An attempt whose claim may have been committed while the connection broke: nothing was sent.</summary>
    public async Task NeverSentAsync(Guid jobId, Guid attemptId, CancellationToken ct)
    {
        await jobs.SettleAsync(jobId, ct);
        await jobs.RetryLaterAsync(
            attemptId,
            new AttemptEnding(AttemptStatus.Undelivered)
            {
                ErrorCode = "database_lost",
                ErrorStage = "preflight",
                ErrorMessage = "The database was lost while this attempt was being claimed. Nothing was sent.",
            },
            TimeSpan.Zero, ct);
    }

    /// <summary>A paid answer whose spool did not come back in time: a person decides, and an adoption after all still wins.</summary>
    public Task<AttemptEnd> SpoolLostAsync(ClaimedJob job, Attempt attempt, CancellationToken ct) => HoldAsync(
        attempt.Id,
        new AttemptEnding(AttemptStatus.Unknown)
        {
            Cost = pricing.Cost(job.Model, attempt.Usage),
            CountsAsUnknown = true,
            Counts = true,
            ErrorCode = "spool_lost",
            ErrorStage = "spool",
            ErrorMessage = $"Node {attempt.NodeName} had received the result and is gone; its spool folder has not come back.",
            JobMessage = $"The result was bought and received by node {attempt.NodeName}, which is gone with its spool. Bring its spool folder back "
                + "to have it finished, retry to buy it again, or cancel.",
        }, "spool_lost", ct);

    /// <summary>A paid answer that cannot be brought home by repeating: it stays in the spool, and a person decides.</summary>
    public Task<AttemptEnd> SetAsideAsync(SpoolManifest manifest, string reason, CancellationToken ct) => HoldAsync(
        manifest.AttemptId,
        new AttemptEnding(AttemptStatus.Unknown)
        {
            HttpStatus = manifest.Facts.HttpStatus,
            RequestId = manifest.Facts.RequestId,
            Usage = manifest.Usage,
            Cost = pricing.Cost(manifest.Model, manifest.Usage),
            CountsAsUnknown = true,
            Counts = true,
            ErrorCode = "spool_damaged",
            ErrorStage = "spool",
            ErrorMessage = $"The result was received and could not be brought from the spool to the store. {reason}",
            JobMessage = $"The result was bought and received, and could not be brought from the spool to the store: {reason} It is kept as "
                + $"{manifest.AttemptId:N}.json.damaged in the spool. Retry to buy it again, or cancel.",
        }, "spool_damaged", ct);

    AttemptEnding Ending(ClaimedJob job, CallFailure failure) => new(failure.Traits.AttemptStatus)
    {
        HttpStatus = failure.HttpStatus,
        RequestId = failure.RequestId,
        Usage = failure.UsageJson,
        Cost = failure.Traits.Billing switch
        {
            Billing.No => pricing.Nothing(job.Model),
            _ => pricing.Cost(job.Model, failure.UsageJson),
        },
        // Usage that was read before the call broke is a known cost; without it the estimate stands.
        PossibleCost = failure.Traits.Billing == Billing.Unknown && failure.UsageJson is null
            ? pricing.Estimate(job.Model, job.Prompt, job.Quality, job.N, job.Size) : null,
        ErrorCode = failure.Code,
        ErrorMessage = failure.Message,
        ErrorStage = failure.Traits.StageName,
        Counts = failure.Traits.Counts,
        CountsAsUnknown = failure.Traits.CountsAsUnknown,
    };
}

/// <summary>How an attempt without a result stands in the ledger.</summary>
/// <param name="Reason">Of a closed set: a <see cref="FailureKind"/> in snake_case, <c>spool_lost</c> or <c>spool_damaged</c>.</param>
/// <param name="Next">What the job was to become.</param>
internal sealed record AttemptEnd(AttemptEnding Ending, string Reason, string Next, Ended Ended);
