using Darkroom.Client;
using Darkroom.Migrations;
using Darkroom.Worker.Access;
using Darkroom.Worker.Admission;
using Darkroom.Worker.Api;
using Microsoft.EntityFrameworkCore;
using JobStatus = Darkroom.Migrations.Rows.JobStatus;

namespace Darkroom.Worker.Jobs;

internal static class JobRoutes
{
    public static IServiceCollection AddJobRoutes(this IServiceCollection services) => services.AddSingleton<JobView>().AddSingleton<JobImages>();

    public static void MapJobs(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/jobs", ListAsync).RequireAuthorization(Scopes.Read)
            .Describe("Jobs", "List jobs", "Newest first. Filters are combined.")
            .TakesPage()
            .TakesQuery("status", "One or more of queued, running, succeeded, failed, canceled and held, separated by commas.")
            .TakesQuery("batch_id", "Only the jobs of this batch.")
            .TakesQuery("custom_id", "Only jobs that the caller gave this name.")
            .TakesQuery("created_after", "Only jobs created after this moment: RFC 3339, or Unix seconds.")
            .TakesQuery("created_before", "Only jobs created before this moment: RFC 3339, or Unix seconds.")
            .Produces<ListPage<Job>>();
        routes.MapGet("/v1/jobs/{id}", GetAsync).RequireAuthorization(Scopes.Read)
            .Describe("Jobs", "Get a job", "With its pictures, usage and cost as far as they are known.", 404)
            .Produces<Job>();
        routes.MapGet("/v1/jobs/{id}/attempts", AttemptsAsync).RequireAuthorization(Scopes.Read)
            .Describe("Jobs", "List a job's attempts", "The ledger: every call made for this job, first to last, with what it cost.", 404)
            .TakesPage()
            .Produces<ListPage<Attempt>>();
        routes.MapPost("/v1/jobs/{id}/cancel", CancelAsync).RequireAuthorization(Scopes.Submit)
            .Describe("Jobs", "Cancel a job", "At once, also while its call is in flight; what that call costs stays in the ledger.", 404, 409)
            .Produces<Job>();
        routes.MapPost("/v1/jobs/{id}/retry", RetryAsync).RequireAuthorization(Scopes.Submit)
            .Describe("Jobs", "Retry a failed or held job", "Its counters start anew. A held job may already have been billed once.", 404, 409)
            .Produces<Job>();
        routes.MapMethods("/v1/jobs/{id}/images/{index:int}", ["GET", "HEAD"], SendImageAsync).RequireAuthorization(Scopes.ReadOrLink)
            .Describe("Jobs", "Get a picture",
                "The file, with ETag and ranges; or a redirect into the store where so configured. A signed link needs no key.", 404, 410, 416)
            .Produces(StatusCodes.Status200OK, contentType: "image/png", additionalContentTypes: ["image/webp", "image/jpeg"])
            .Produces(StatusCodes.Status206PartialContent)
            .Produces(StatusCodes.Status302Found)
            .Produces(StatusCodes.Status304NotModified);
    }

    static Task<IResult> SendImageAsync(string id, int index, HttpContext http, JobImages images, CancellationToken ct) =>
        images.SendAsync(http, id, index, ct);

    static async Task<IResult> ListAsync(HttpContext http, IDbContextFactory<DarkroomDb> databases, JobView view, CancellationToken ct)
    {
        var query = new QueryReader(http.Request.Query);
        var filter = JobFilter.From(query);
        if (query.Refusal() is { } refusal)
            return refusal;
        await using var db = await databases.CreateDbContextAsync(ct);
        return await JobList.ReadAsync(db, http.User.ProjectId(), filter, ct) is { } rows
            ? TypedResults.Json(Page.Of(rows, filter.Limit, row => view.Of(row, http.Request), job => job.Id), DarkroomJson.Answers.ListPageJob)
            : ApiError.Invalid("after", "'after' is no job of this project.");
    }

    static async Task<IResult> GetAsync(string id, HttpContext http, IDbContextFactory<DarkroomDb> databases, JobView view, CancellationToken ct)
    {
        if (!WireId.Job.TryParse(id, out var jobId))
            return NoSuchJob(id);
        await using var db = await databases.CreateDbContextAsync(ct);
        var project = http.User.ProjectId();
        return await db.Jobs.AsNoTracking().Include(j => j.Images).SingleOrDefaultAsync(j => j.Id == jobId && j.ProjectId == project, ct) is { } row
            ? TypedResults.Json(view.Of(row, http.Request), DarkroomJson.Answers.Job)
            : NoSuchJob(id);
    }

    static async Task<IResult> AttemptsAsync(string id, HttpContext http, IDbContextFactory<DarkroomDb> databases, CancellationToken ct)
    {
        var query = new QueryReader(http.Request.Query);
        var (after, limit) = (query.Id("after", WireId.Attempt), query.Limit());
        if (query.Refusal() is { } refusal)
            return refusal;
        await using var db = await databases.CreateDbContextAsync(ct);
        var project = http.User.ProjectId();
        if (!WireId.Job.TryParse(id, out var jobId) || !await db.Jobs.AnyAsync(j => j.Id == jobId && j.ProjectId == project, ct))
            return NoSuchJob(id);

        var attempts = db.Attempts.AsNoTracking().Where(a => a.JobId == jobId);
        var from = after is null ? 0 : await attempts.Where(a => a.Id == after).Select(a => (int?)a.Number).SingleOrDefaultAsync(ct);
        if (from is null)
            return ApiError.Invalid("after", "'after' is no attempt of this job.");
        var rows = await attempts.Where(a => a.Number > from).OrderBy(a => a.Number).Take(limit + 1).ToListAsync(ct);
        return TypedResults.Json(Page.Of(rows, limit, JobView.Of, attempt => attempt.Id), DarkroomJson.Answers.ListPageAttempt);
    }

    static async Task<IResult> CancelAsync(
        string id, HttpContext http, JobTransitions transitions, IDbContextFactory<DarkroomDb> databases, JobView view, CancellationToken ct)
    {
        if (!WireId.Job.TryParse(id, out var jobId) || await transitions.CancelAsync(http.User.ProjectId(), jobId, ct) is not { } change)
            return NoSuchJob(id);
        return change.Won || change.Status == JobStatus.Canceled
            ? await GetAsync(id, http, databases, view, ct)
            : Lost(change, "cannot be cancelled");
    }

    static async Task<IResult> RetryAsync(
        string id, HttpContext http, JobTransitions transitions, IDbContextFactory<DarkroomDb> databases, JobView view, WorkSignal work,
        CancellationToken ct)
    {
        if (!WireId.Job.TryParse(id, out var jobId) || await transitions.RetryAsync(http.User.ProjectId(), jobId, ct) is not { } change)
            return NoSuchJob(id);
        if (change.BatchEnded)
            return ApiError.Conflict("batch_ended", "The job's batch has ended and stays as it was: POST /v1/batches/{id}/retry-failed makes a new one of its failed lines.");
        if (!change.Won)
            return Lost(change, "cannot be retried: only failed and held jobs can");
        work.Raise();
        return await GetAsync(id, http, databases, view, ct);
    }

    static ApiError Lost(PersonsChange change, string consequence) =>
        ApiError.Conflict($"job_already_{change.Status}", $"The job is {change.Status} and {consequence}.");

    internal static ApiError NoSuchJob(string id) => ApiError.NotFound($"There is no job '{id}' in this project.");
}
