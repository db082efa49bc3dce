using Darkroom.Worker.Admission;
using Darkroom.Worker.Database;
using Darkroom.Worker.Endpoint;
using Darkroom.Worker.Jobs;
using Darkroom.Worker.Observability;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Execution;

/// <summary>The life of a job on a node, top to bottom: claim, call, keep, store, record.</summary>
internal sealed partial class JobRunner(
    JobTransitions jobs, EndpointClient endpoint, EndpointEffects effects, Spool spool, ResultFinisher finisher, AttemptEndings endings,
    NodeIdentity node, NodeCondition condition, NodeLifetime lifetime, RunningCalls running, DatabaseRetry database, WorkSignal work,
    AttemptTelemetry telemetry, IOptions<WorkerOptions> options, ILogger<JobRunner> logger)
{
    /// <summary>Runs a ticket; Hangfire calls it. A lost, late or doubled ticket does nothing.</summary>
    public async Task RunAsync(Guid jobId, int ticket)
    {
        var heartbeat = condition.LastHeartbeat;
        if (await ClaimAsync(jobId, ticket) is not { } job)
            return;
        using var call = running.Enter(job.JobId);
        using var watched = telemetry.Begin(job);
        SpoolManifest? manifest = null;
        try
        {
            var outcome = await CallAsync(job, call, heartbeat);
            (manifest, var failure) = Keep(job, outcome);
            watched.Called(outcome);
            if (manifest is not null)
                await database.UntilWrittenAsync("received", ct => jobs.ReceivedAsync(job.AttemptId, manifest.Facts, ct), lifetime.GivenUp);
            await NoticeAsync(job, outcome);
            if (manifest is not null)
                await finisher.FinishAsync(manifest, spool.Own, watched, lifetime.GivenUp);
            else
                await EndAsync(job, failure!, watched);
        }
        catch (OperationCanceledException) when (lifetime.GivenUp.IsCancellationRequested)
        {
            // What is in the spool is finished by the node that adopts it; what is not is rescued as unknown.
            Log.LeftBehind(logger, job.AttemptId);
        }
        catch (Exception e)
        {
            // A defect of ours must not leave the job running for ever, nor buy again what is kept.
            Log.Defect(logger, e, job.AttemptId);
            if (manifest is not null)
                await finisher.FinishAsync(manifest, spool.Own, watched, lifetime.GivenUp);
            else
                await EndAsync(job, CallFailure.Of(FailureKind.NodeLost, "Darkroom failed while handling this call; its log has the details."), watched);
        }
        finally
        {
            work.Raise();
        }
    }

    async Task<ClaimedJob?> ClaimAsync(Guid jobId, int ticket)
    {
        var attemptId = Guid.CreateVersion7();
        try
        {
            var job = condition.Accepting
                ? await jobs.ClaimAsync(jobId, ticket, attemptId, node.Id, node.Name, lifetime.GivenUp)
                : null;
            if (job is null)
                await jobs.ReturnAsync(jobId, ticket, lifetime.GivenUp);
            return job;
        }
        catch (Exception e) when (DatabaseOutage.Explains(e))
        {
            // The commit may have gone through before the connection broke. Nothing was sent; say so where there is a row to say it of.
            await database.UntilWrittenAsync("claim", ct => endings.NeverSentAsync(jobId, attemptId, ct), lifetime.GivenUp);
            return null;
        }
    }

    /// <param name="heartbeat">
    /// The last before the claim. One that came after it proves nothing: a process frozen between claim and call may beat again before this
    /// line runs, when another node has long taken the attempt for lost.
    /// </param>
    async Task<CallOutcome> CallAsync(ClaimedJob job, RunningCalls.Entry call, long heartbeat)
    {
        if (condition.Since(heartbeat) > options.Value.FreshFor)
            return new CallOutcome.Failed(
                CallFailure.Of(FailureKind.HeartbeatStale, "This node had lost touch with the database and made no call. Nothing was sent."),
                RateHeaders.None, Partial: null);
        return await endpoint.CallAsync(
            new GenerationCall(job.Endpoint, job.AttemptId, job.Model, job.Prompt, job.Quality, job.N, job.Size),
            index => spool.Own.CreatePicture(job.AttemptId, index),
            call.Canceled, lifetime.Drained);
    }

    /// <summary>With a manifest, the answer survives whatever happens to the process, the database and the store; without, its failure.</summary>
    (SpoolManifest?, CallFailure?) Keep(ClaimedJob job, CallOutcome outcome)
    {
        if (outcome is not CallOutcome.Answered answer)
            return (null, ((CallOutcome.Failed)outcome).Failure);
        try
        {
            var manifest = SpoolManifest.Of(job, answer);
            spool.Own.Commit(manifest);
            return (manifest, null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (null, CallFailure.Of(FailureKind.SpoolFailed, $"The answer could not be kept in this node's spool; the call was billed. {e.Message}") with
            {
                HttpStatus = answer.HttpStatus,
                RequestId = answer.RequestId,
                UsageJson = answer.Body.UsageJson,
            });
        }
    }

    /// <summary>What the call says about the endpoint, before the job can be admitted again.</summary>
    Task NoticeAsync(ClaimedJob job, CallOutcome outcome) => database.UntilWrittenAsync(
        "endpoint", ct => effects.ApplyAsync(job.Endpoint, job.JobId, job.StartedAt, outcome, ct), lifetime.GivenUp);

    async Task EndAsync(ClaimedJob job, CallFailure failure, WatchedAttempt watched)
    {
        watched.Ended(await database.UntilWrittenAsync("ending", ct => endings.EndAsync(job, failure, ct), lifetime.GivenUp));
        try
        {
            spool.Own.Delete(job.AttemptId);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It goes with the folder when this process ends.
            Log.NotRemoved(logger, job.AttemptId, e.Message);
        }
    }

    static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Attempt {Attempt} is left to other nodes: the drain time is over.")]
        public static partial void LeftBehind(ILogger logger, Guid attempt);

        [LoggerMessage(LogLevel.Warning, "What attempt {Attempt} left in the spool could not be removed: {Reason}")]
        public static partial void NotRemoved(ILogger logger, Guid attempt, string reason);

        [LoggerMessage(LogLevel.Error, "Attempt {Attempt} met a defect; what it received is kept, or else its outcome is unknown.")]
        public static partial void Defect(ILogger logger, Exception error, Guid attempt);
    }
}
