using Darkroom.Client;
using Darkroom.Migrations;
using Darkroom.Worker.Access;
using Darkroom.Worker.Admission;
using Darkroom.Worker.Api;
using Darkroom.Worker.Database;
using Darkroom.Worker.Jobs;
using Darkroom.Worker.Submission;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using JobStatus = Darkroom.Migrations.Rows.JobStatus;

namespace Darkroom.Worker.DropIn;

/// <summary>One call as at the endpoint itself: a job is committed, waited for, and answered in the endpoint's shape.</summary>
internal sealed partial class GenerationCalls(
    SubmissionReader reader, JobIntake intake, UnansweredCalls unanswered, ResultWait wait, ResultAnswer result, JobView view, WorkSignal work,
    IDbContextFactory<DarkroomDb> databases, IOptions<DropInOptions> options, TimeProvider time, ILogger<GenerationCalls> logger)
{
    /// <summary>A person waits: before jobs (5) and lines of batches (7).</summary>
    const int Priority = 2;

    const string JobIdHeader = "x-darkroom-job-id", ShouldRetryHeader = "x-should-retry";

    public async Task<IResult> AnswerAsync(HttpContext http, CancellationToken ct)
    {
        var (call, refusal) = await TakeAsync(http, ct);
        if (call is null)
            return refusal!;
        var id = WireId.Job.Format(call.JobId);
        // At the start of whatever answer, also one that an exception leads to.
        http.Response.OnStarting(() =>
        {
            http.Response.Headers[JobIdHeader] = id;
            return Task.CompletedTask;
        });
        var answered = false;
        try
        {
            var answer = await WaitAsync(http, call, id, ct);
            await answer.ExecuteAsync(http);
            answered = http.Response.StatusCode < StatusCodes.Status500InternalServerError && !ct.IsCancellationRequested;
        }
        finally
        {
            if (!answered && call.Name is { } name)
                await KeepAsync(call, name, id);
        }
        return Results.Empty;
    }

    /// <summary>From the request to its committed job. Of the body nothing is kept for the wait.</summary>
    async Task<(Call?, ApiError?)> TakeAsync(HttpContext http, CancellationToken ct)
    {
        if (RequestBody.Refuse(http.Request) is { } unreadable)
            return (null, unreadable);
        if (Idempotency.Read(http.Request, out var own) is { } badKey)
            return (null, badKey);
        if (await RequestBody.ReadAsync(http.Request, ct) is not { } body)
            return (null, RequestBody.TooLong());
        using (body)
        {
            var reading = reader.Read(body.Bytes, Parameters.DropIn, time.GetUtcNow());
            if (reading.Job is not { } job)
                return (null, ApiError.Invalid(reading.Faults));
            job.Priority = Priority;
            var key = SubmissionKey.Of(http.Request, own, Idempotency.Sha256Of(job));
            SubmissionKey? name = key.Text is null ? UnansweredCalls.NameOf(key.BodySha256) : null;
            var project = http.User.ProjectId();
            ct.ThrowIfCancellationRequested();
            // Not ended by the caller from here: whether a broken-off commit went through, nobody could tell its repeat.
            var taken = name is { } earlier && await intake.FindAsync(project, earlier, CancellationToken.None) is { Job: not null } again
                ? again
                : await intake.AcceptAsync(job, project, http.User.KeyId(), key, CancellationToken.None);
            if (taken.Job is not { } row)
            {
                http.Response.Headers[ShouldRetryHeader] = "false";
                return (null, Idempotency.Reused());
            }
            if (taken.Replayed)
                http.Response.Headers[Idempotency.ReplayedHeader] = "true";
            else
                work.Raise();
            return (new Call(project, row.Id, name), null);
        }
    }

    async Task<IResult> WaitAsync(HttpContext http, Call call, string id, CancellationToken ct)
    {
        var (preference, most) = (Preference.Of(http.Request), options.Value.Wait);
        if (preference is { Async: true, Wait: null })
            return await JobAsync(http, call, id, ct);
        if (preference.TakesJob)
            http.Response.Headers["Preference-Applied"] = preference.Applied(most);
        var (end, reason) = await wait.ForAsync(call.JobId, preference.Within(most), preference.TakesJob, ct);
        return end switch
        {
            WaitEnd.JobEnded => await EndedAsync(http, call, id, ct),
            WaitEnd.EndpointPaused => Final(http, JobFailure.EndpointPaused(id, reason)),
            WaitEnd.NodeStopping => Again(http, JobFailure.NodeStopping(id)),
            _ when preference.TakesJob => await JobAsync(http, call, id, ct),
            _ => Final(http, JobFailure.TimeIsUp(id)),
        };
    }

    async Task<IResult> EndedAsync(HttpContext http, Call call, string id, CancellationToken ct) =>
        await ReadAsync(call.JobId, ct) is not { } job ? Final(http, JobFailure.PicturesGone(id))
        : job.Status != JobStatus.Succeeded ? Final(http, JobFailure.Of(job, id))
        : await result.SendAsync(http, job, id, ct) is { } error ? Final(http, error)
        : Results.Empty;

    async Task<IResult> JobAsync(HttpContext http, Call call, string id, CancellationToken ct)
    {
        if (await ReadAsync(call.JobId, ct) is not { } job)
            return Final(http, JobFailure.PicturesGone(id));
        http.Response.Headers["Preference-Applied"] = Preference.Of(http.Request).Applied(options.Value.Wait);
        http.Response.Headers.Location = view.UrlOf(job, http.Request);
        return TypedResults.Json(view.Of(job, http.Request), DarkroomJson.Answers.Job, statusCode: StatusCodes.Status202Accepted);
    }

    async Task<Migrations.Rows.Job?> ReadAsync(Guid jobId, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        return await db.Jobs.AsNoTracking().Include(j => j.Images).SingleOrDefaultAsync(j => j.Id == jobId, ct);
    }

    /// <summary>Asking again would lead to the same answer.</summary>
    static ApiError Final(HttpContext http, ApiError error)
    {
        http.Response.Headers[ShouldRetryHeader] = "false";
        return error;
    }

    static ApiError Again(HttpContext http, ApiError error)
    {
        http.Response.Headers[ShouldRetryHeader] = "true";
        return error;
    }

    async Task KeepAsync(Call call, SubmissionKey name, string id)
    {
        try
        {
            await unanswered.KeepAsync(call.ProjectId, call.JobId, name);
        }
        catch (Exception e) when (DatabaseOutage.Explains(e))
        {
            Log.NotKept(logger, id, e.GetBaseException().Message);
        }
    }

    /// <param name="Name">By which a repeat is known that nothing else tells; null where a key does.</param>
    sealed record Call(Guid ProjectId, Guid JobId, SubmissionKey? Name);

    static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The caller of {Job} went away, which could not be kept: a repeat without a key will be a new job. {Reason}")]
        public static partial void NotKept(ILogger logger, string job, string reason);
    }
}
