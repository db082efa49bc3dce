using Darkroom.Migrations.Rows;
using Darkroom.Worker.Endpoint;
using Darkroom.Worker.Jobs;
using Darkroom.Worker.Usage;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Execution;

/// <summary>Turns a failed call into its place in the ledger and the job's next state, by the failure table and the retry policy.</summary>
internal sealed class AttemptEndings(JobTransitions jobs, Pricing pricing, IOptions<EndpointSettings> settings)
{
    /// <returns>False where the job has moved on; the attempt is in the ledger all the same.</returns>
    public Task<bool> EndAsync(ClaimedJob job, CallFailure failure, CancellationToken ct)
    {
        var caps = AttemptCaps.After(
            failure, job.CountedAttempts, job.UnknownAttempts, job.MaxAttempts, job.MaxUnknownAttempts, job.OnUnknown);
        var ending = Ending(job, failure);
        return RetryPolicy.Decide(failure, caps, settings.Value.Backoff, Random.Shared.NextDouble()) switch
        {
            JobNext.RetryAt later => jobs.RetryLaterAsync(job.AttemptId, ending, later.Delay, ct),
            JobNext.WaitForEndpoint => jobs.RetryLaterAsync(job.AttemptId, ending, TimeSpan.Zero, ct),
            JobNext.Hold held => jobs.HoldAsync(job.AttemptId, ending with { JobMessage = held.Message }, ct),
            JobNext.Fail failed => jobs.FailAsync(job.AttemptId, ending with { JobMessage = failed.Message }, ct),
            var other => throw new InvalidOperationException($"The retry policy decided {other}."),
        };
    }

    /// <summary>An attempt whose claim may have been committed while the connection broke: nothing was sent.</summary>
    public Task<bool> NeverSentAsync(Guid attemptId, CancellationToken ct) => jobs.RetryLaterAsync(
        attemptId,
        new AttemptEnding(AttemptStatus.Undelivered)
        {
            ErrorCode = "database_lost",
            ErrorStage = "preflight",
            ErrorMessage = "The database was lost while this attempt was being claimed. Nothing was sent.",
        },
        TimeSpan.Zero, ct);

    /// <summary>A paid answer whose spool did not come back in time: a person decides, and an adoption after all still wins.</summary>
    public Task<bool> SpoolLostAsync(ClaimedJob job, Attempt attempt, CancellationToken ct) => jobs.HoldAsync(
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
        }, ct);

    /// <summary>A paid answer that cannot be brought home by repeating: it stays in the spool, and a person decides.</summary>
    public Task<bool> SetAsideAsync(SpoolManifest manifest, string reason, CancellationToken ct) => jobs.HoldAsync(
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
        }, ct);

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
