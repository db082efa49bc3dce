using Darkroom.Client;
using Darkroom.Migrations;
using Darkroom.Worker.Access;
using Darkroom.Worker.Admission;
using Darkroom.Worker.Api;
using Darkroom.Worker.Submission;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Batches;

internal static class BatchRoutes
{
    const string Tag = "Batches", All = "/v1/batches";

    public static void MapBatches(this IEndpointRouteBuilder routes)
    {
        routes.MapPost(All, CreateAsync).RequireAuthorization(Scopes.Submit)
            .Describe(Tag, "Create a batch",
                "Of an uploaded file of lines. It is validating while they are read: then all of them are jobs, or, where one is wrong, none, and errors names every bad line.",
                400, 409, 413, 415)
            .TakesBody<CreateBatch>("", """
                {"input_file_id":"file-01990000000070008000000000000000","endpoint":"/v1/images/generations","completion_window":"24h"}
                """)
            .TakesHeader(Idempotency.Header,
                "1 to 255 visible ASCII characters. The same key and request within 24 hours lead to the same batch; another request is a 409.")
            .Produces<Batch>();
        routes.MapGet(All, ListAsync).RequireAuthorization(Scopes.Read)
            .Describe(Tag, "List batches", "Newest first.")
            .TakesPage()
            .TakesQuery("status", "One or more of validating, failed, in_progress, finalizing, completed, expired, cancelling and cancelled, separated by commas.")
            .Produces<ListPage<Batch>>();
        routes.MapGet(All + "/{id}", GetAsync).RequireAuthorization(Scopes.Read)
            .Describe(Tag, "Get a batch", "Its counters are exact at the moment of the answer.", 404)
            .Produces<Batch>();
    }

    static async Task<IResult> CreateAsync(
        HttpContext http, SubmissionReader reader, BatchIntake intake, BatchView view, WorkSignal work, CancellationToken ct)
    {
        if (RequestBody.Refuse(http.Request) is { } unreadable)
            return unreadable;
        if (Idempotency.Read(http.Request, out var own) is { } badKey)
            return badKey;
        if (await RequestBody.ReadAsync(http.Request, ct) is not { } body)
            return RequestBody.TooLong();
        var submitted = new SubmittedBatch();
        using (body)
        {
            if (reader.Read(body.Bytes, BatchParameters.All, submitted) is { Length: > 0 } faults)
                return ApiError.Invalid(faults);
        }
        var key = SubmissionKey.OfBatch(http.Request, own, Idempotency.Sha256Of(submitted, BatchParameters.All));
        var file = WireId.File.TryParse(submitted.InputFileId, out var fileId) ? fileId : (Guid?)null;
        if (await intake.AcceptAsync(submitted, file, http.User.ProjectId(), http.User.KeyId(), key, ct) is not { } taken)
            return ApiError.Invalid("input_file_id", "'input_file_id' is no file of this project with the purpose 'batch'.");
        if (taken.Batch is not { } row)
            return Idempotency.Reused();
        if (taken.Replayed)
            http.Response.Headers[Idempotency.ReplayedHeader] = "true";
        else
            work.Raise();
        return TypedResults.Json(await view.OfAsync(row, ct), DarkroomJson.Answers.Batch);
    }

    static async Task<IResult> ListAsync(HttpContext http, IDbContextFactory<DarkroomDb> databases, BatchView view, CancellationToken ct)
    {
        var query = new QueryReader(http.Request.Query);
        var filter = BatchFilter.From(query);
        if (query.Refusal() is { } refusal)
            return refusal;
        await using var db = await databases.CreateDbContextAsync(ct);
        return await BatchList.ReadAsync(db, http.User.ProjectId(), filter, ct) is { } rows
            ? TypedResults.Json(Page.Of(await view.OfAsync(rows, ct), filter.Limit, batch => batch, batch => batch.Id), DarkroomJson.Answers.ListPageBatch)
            : ApiError.Invalid("after", "'after' is no batch of this project.");
    }

    static async Task<IResult> GetAsync(string id, HttpContext http, IDbContextFactory<DarkroomDb> databases, BatchView view, CancellationToken ct)
    {
        if (!WireId.Batch.TryParse(id, out var batchId))
            return NoSuchBatch(id);
        await using var db = await databases.CreateDbContextAsync(ct);
        var project = http.User.ProjectId();
        return await db.Batches.AsNoTracking().SingleOrDefaultAsync(b => b.Id == batchId && b.ProjectId == project, ct) is { } row
            ? TypedResults.Json(await view.OfAsync(row, ct), DarkroomJson.Answers.Batch)
            : NoSuchBatch(id);
    }

    internal static ApiError NoSuchBatch(string id) => ApiError.NotFound($"There is no batch '{id}' in this project.");
}
