using Darkroom.Client;
using Darkroom.Migrations;
using Darkroom.Worker.Access;
using Darkroom.Worker.Admission;
using Darkroom.Worker.Api;
using Darkroom.Worker.Submission;
using Microsoft.EntityFrameworkCore;
using BatchRow = Darkroom.Migrations.Rows.Batch;
using BatchStatus = Darkroom.Migrations.Rows.BatchStatus;

namespace Darkroom.Worker.Batches;

/// <summary>What is done to a batch, and what is read of its lines.</summary>
internal static class BatchActionRoutes
{
    const string Tag = "Batches", One = "/v1/batches/{id}";

    public static void MapBatchActions(this IEndpointRouteBuilder routes)
    {
        routes.MapPost(One + "/cancel", CancelAsync).RequireAuthorization(Scopes.Submit)
            .Describe(Tag, "Cancel a batch", "Nothing more of it is sent; calls in flight finish, and then it is cancelled, with files of what came.", 404, 409)
            .Produces<Batch>();
        routes.MapPost(One + "/pause", PauseAsync).RequireAuthorization(Scopes.Submit)
            .Describe(Tag, "Pause a batch", "Nothing more of it is sent until it is resumed; calls in flight finish, and its time goes on.", 404, 409)
            .Produces<Batch>();
        routes.MapPost(One + "/resume", ResumeAsync).RequireAuthorization(Scopes.Submit)
            .Describe(Tag, "Resume a batch", "Its lines stand in the queue again.", 404, 409)
            .Produces<Batch>();
        routes.MapPost(One + "/retry-failed", RetryFailedAsync).RequireAuthorization(Scopes.Submit)
            .Describe(Tag, "Retry what did not succeed", "A new batch of the lines of an ended one that failed, expired or were cancelled. The old one stays as it was.", 404, 409)
            .TakesHeader(Idempotency.Header, "1 to 255 visible ASCII characters. The same key within 24 hours leads to the same new batch.")
            .Produces<Batch>();
        routes.MapGet(One + "/results", ResultsAsync).RequireAuthorization(Scopes.Read)
            .Describe(Tag, "Read results",
                "Of the lines that have ended, in the order in which they did, also while the batch runs. A line that is retried comes again once it has ended again.", 404)
            .TakesPage()
            .TakesQuery("include", "base64: pictures themselves instead of links.")
            .Produces<ListPage<BatchResult>>();
        routes.MapMethods(One + "/archive", ["GET", "HEAD"], ArchiveAsync).RequireAuthorization(Scopes.Read)
            .Describe(Tag, "Download all pictures", "Of an ended batch, as a ZIP with a manifest. With ETag and ranges: a download that broke off can go on.", 404, 409, 416)
            .Produces(StatusCodes.Status200OK, contentType: "application/zip")
            .Produces(StatusCodes.Status206PartialContent);
        routes.MapGet(One + "/events", BatchEvents.FollowAsync).RequireAuthorization(Scopes.Read)
            .Describe(Tag, "Follow a batch",
                "Server-sent events named batch, each the whole batch: first as it is, then at changes, at most one a second, until it has ended. "
                + "With Last-Event-ID nothing that was seen; 204 where nothing more will come.", 404)
            .TakesHeader("Last-Event-ID", "The id of the last event seen, as EventSource sends it when it connects again.")
            .Produces<Batch>(StatusCodes.Status200OK, "text/event-stream")
            .Produces(StatusCodes.Status204NoContent);
    }

    static Task<IResult> CancelAsync(string id, HttpContext http, BatchTransitions batches, BatchView view, WorkSignal work, CancellationToken ct) =>
        ChangeAsync(id, http, batches.CancelAsync, "cannot be cancelled", view, work, ct);

    static Task<IResult> PauseAsync(string id, HttpContext http, BatchTransitions batches, BatchView view, WorkSignal work, CancellationToken ct) =>
        ChangeAsync(id, http, batches.PauseAsync, "cannot be paused", view, work, ct);

    static Task<IResult> ResumeAsync(string id, HttpContext http, BatchTransitions batches, BatchView view, WorkSignal work, CancellationToken ct) =>
        ChangeAsync(id, http, batches.ResumeAsync, "cannot be resumed", view, work, ct);

    static async Task<IResult> ChangeAsync(
        string id, HttpContext http, Func<Guid, Guid, CancellationToken, Task<BatchChange?>> change, string otherwise, BatchView view, WorkSignal work,
        CancellationToken ct)
    {
        if (!WireId.Batch.TryParse(id, out var batchId) || await change(http.User.ProjectId(), batchId, ct) is not { } changed)
            return BatchRoutes.NoSuchBatch(id);
        if (!changed.Won)
            return ApiError.Conflict($"batch_already_{changed.Batch.Status}", $"The batch is {changed.Batch.Status} and {otherwise}.");
        work.Raise();
        return TypedResults.Json(await view.OfAsync(changed.Batch, ct), DarkroomJson.Answers.Batch);
    }

    static async Task<IResult> RetryFailedAsync(
        string id, HttpContext http, IDbContextFactory<DarkroomDb> databases, BatchRetry retry, BatchView view, WorkSignal work, CancellationToken ct)
    {
        if (Idempotency.Read(http.Request, out var own) is { } badKey)
            return badKey;
        if (await FindAsync(id, http, databases, ct) is not { } old)
            return BatchRoutes.NoSuchBatch(id);
        if (!BatchStatus.Final.Contains(old.Status))
            return ApiError.Conflict("batch_not_ended", $"The batch is {old.Status}. Its failed and held lines can be retried one by one (POST /v1/jobs/{{id}}/retry) until it has ended.");
        var retried = await retry.RetryAsync(old, http.User.KeyId(), SubmissionKey.Of(http.Request, own, BatchRetry.Sha256Of(old.Id)), ct);
        if (retried.Batch is not { } row)
            return retried.Replayed
                ? Idempotency.Reused()
                : ApiError.Conflict("nothing_to_retry", "No line of the batch is failed, expired or cancelled.");
        if (retried.Replayed)
            http.Response.Headers[Idempotency.ReplayedHeader] = "true";
        else
            work.Raise();
        return TypedResults.Json(await view.OfAsync(row, ct), DarkroomJson.Answers.Batch);
    }

    static async Task<IResult> ResultsAsync(
        string id, HttpContext http, IDbContextFactory<DarkroomDb> databases, BatchResultsAnswer answer, CancellationToken ct)
    {
        var query = new QueryReader(http.Request.Query);
        var (after, limit, include) = (query.Text("after"), query.Limit(), query.Several("include", ["base64"]));
        var cursor = after is null ? EndsCursor.Beginning : EndsCursor.Parse(after);
        if (cursor is null)
            query.Fail("after", "must be the last_id of a page before");
        if (query.Refusal() is { } refusal)
            return refusal;
        return await FindAsync(id, http, databases, ct) is { } batch
            ? await answer.SendAsync(http, batch.Id, cursor!, limit, include is not null, ct)
            : BatchRoutes.NoSuchBatch(id);
    }

    static async Task<IResult> ArchiveAsync(string id, HttpContext http, IDbContextFactory<DarkroomDb> databases, BatchArchive archive, CancellationToken ct)
    {
        if (await FindAsync(id, http, databases, ct) is not { } batch)
            return BatchRoutes.NoSuchBatch(id);
        return BatchStatus.Final.Contains(batch.Status)
            ? await archive.SendAsync(http, batch.Id, id, ct)
            : ApiError.Conflict("batch_not_ended", $"The batch is {batch.Status}. Its archive is made once it has ended; until then /results has what is there.");
    }

    /// <summary>The batch, if the caller's project has it.</summary>
    internal static async Task<BatchRow?> FindAsync(string id, HttpContext http, IDbContextFactory<DarkroomDb> databases, CancellationToken ct)
    {
        if (!WireId.Batch.TryParse(id, out var batchId))
            return null;
        await using var db = await databases.CreateDbContextAsync(ct);
        var project = http.User.ProjectId();
        return await db.Batches.AsNoTracking().SingleOrDefaultAsync(b => b.Id == batchId && b.ProjectId == project, ct);
    }
}
