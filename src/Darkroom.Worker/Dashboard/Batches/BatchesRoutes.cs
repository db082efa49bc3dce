using Darkroom.Migrations;
using Darkroom.Migrations.Rows;
using Darkroom.Worker.Access;
using Darkroom.Worker.Admission;
using Darkroom.Worker.Api;
using Darkroom.Worker.Batches;
using Darkroom.Worker.Dashboard.Jobs;
using Darkroom.Worker.Files;
using Darkroom.Worker.Storage;
using Darkroom.Worker.Submission;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Dashboard.Batches;

/// <summary>The list of batches, one batch with its pictures and files, and what people may do about it.</summary>
internal static class BatchesRoutes
{
    const int PicturesOnPage = 60;

    public static void Map(RouteGroupBuilder pages, RouteGroupBuilder changes)
    {
        pages.MapGet("/batches", (HttpContext http) => new RazorComponentResult<BatchesPage>(new { Visitor = Visitor.Of(http), Query = BatchesQuery.Parse(http.Request.Query) }));
        pages.MapGet("/batches/{id}", ShowAsync);
        pages.MapGet("/batches/{id}/pictures", PicturesAsync);
        pages.MapGet("/batches/{id}/files/{file}", (string id, string file, HttpContext http, IDbContextFactory<DarkroomDb> databases, StoredContent content, CancellationToken ct) =>
            FileAsync(id, file, http, databases, content, ct));
        pages.MapGet("/batches/{id}/archive", ArchiveAsync);
        var submits = changes.MapGroup("/batches/{id}").RequireAuthorization(Scopes.DashboardChanges);
        submits.MapPost("/pause", (string id, HttpContext http, BatchTransitions batches, WorkSignal work, CancellationToken ct) => ChangeAsync(id, http, batches.PauseAsync, work, ct));
        submits.MapPost("/resume", (string id, HttpContext http, BatchTransitions batches, WorkSignal work, CancellationToken ct) => ChangeAsync(id, http, batches.ResumeAsync, work, ct));
        submits.MapPost("/cancel", (string id, HttpContext http, BatchTransitions batches, WorkSignal work, CancellationToken ct) => ChangeAsync(id, http, batches.CancelAsync, work, ct));
        submits.MapPost("/retry-failed", RetryFailedAsync);
    }

    static async Task<IResult> ShowAsync(string id, HttpContext http, IDbContextFactory<DarkroomDb> databases, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        return await FindAsync(db, id, http, ct) is { } batch
            ? new RazorComponentResult<BatchDetailPage>(new { Visitor = Visitor.Of(http), BatchId = batch.Id, RetryKey = $"dashboard-{Guid.NewGuid():n}", Lost = Notice(http) })
            : NotFound(http);
    }

    /// <summary>After a change that lost its race: said in words, once.</summary>
    static string? Notice(HttpContext http) => http.Request.Query["lost"].ToString() switch
    {
        "change" => "The batch had already ended, or is ending, so nothing was changed.",
        "retry" => "No line of the batch is failed, expired or cancelled, or it has not ended yet, so there is nothing to retry.",
        _ => null,
    };

    static async Task<IResult> PicturesAsync(string id, HttpContext http, IDbContextFactory<DarkroomDb> databases, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        if (await FindAsync(db, id, http, ct) is not { } batch)
            return NotFound(http);
        Guid? after = WireId.Job.TryParse(http.Request.Query["after"].ToString(), out var job) ? job : null;
        var page = await BatchJobs.ReadAsync(db, batch, JobStatus.Succeeded, after, PicturesOnPage, ct);
        return new RazorComponentResult<PicturesPage>(new { Visitor = Visitor.Of(http), BatchId = id, Page = page, After = after is not null });
    }

    /// <summary>The batch's own files and no others of the project.</summary>
    static async Task<IResult> FileAsync(string id, string file, HttpContext http, IDbContextFactory<DarkroomDb> databases, StoredContent content, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        if (await FindAsync(db, id, http, ct) is not { } batch || !WireId.File.TryParse(file, out var fileId)
            || (fileId != batch.InputFileId && fileId != batch.OutputFileId && fileId != batch.ErrorFileId)
            || await db.Files.Seen().AsNoTracking().SingleOrDefaultAsync(f => f.Id == fileId && f.ProjectId == batch.ProjectId, ct) is not { } row)
            return NotFound(http, "There is no such file any more", "It was deleted, or its time was over.");
        return await FileRoutes.SendFileAsync(http, row, content, ct);
    }

    static async Task<IResult> ArchiveAsync(string id, HttpContext http, IDbContextFactory<DarkroomDb> databases, BatchArchive archive, CancellationToken ct)
    {
        Batch? batch;
        await using (var db = await databases.CreateDbContextAsync(ct))
            batch = await FindAsync(db, id, http, ct);
        return batch is null ? NotFound(http)
            : BatchStatus.Final.Contains(batch.Status) ? await archive.SendAsync(http, batch.Id, id, ct)
            : NotFound(http, "There is no archive yet", "It is made once the batch has ended.");
    }

    static async Task<IResult> ChangeAsync(string id, HttpContext http, Func<Guid, Guid, CancellationToken, Task<BatchChange?>> change, WorkSignal work, CancellationToken ct)
    {
        if (!WireId.Batch.TryParse(id, out var batch) || await change(http.User.ProjectId(), batch, ct) is not { } changed)
            return NotFound(http);
        work.Raise();
        return TypedResults.LocalRedirect($"~/batches/{id}{(changed.Won ? "" : "?lost=change")}");
    }

    static async Task<IResult> RetryFailedAsync(string id, HttpContext http, IDbContextFactory<DarkroomDb> databases, BatchRetry retry, WorkSignal work, CancellationToken ct)
    {
        var form = await http.Request.ReadFormAsync(ct);
        Batch? old;
        await using (var db = await databases.CreateDbContextAsync(ct))
            old = await FindAsync(db, id, http, ct);
        if (old is null)
            return NotFound(http);
        var key = form["key"].ToString() is { Length: > 0 and < 100 } own ? own : null;
        if (!BatchStatus.Final.Contains(old.Status)
            || (await retry.RetryAsync(old, http.User.KeyId(), SubmissionKey.Of(http.Request, key, BatchRetry.Sha256Of(old.Id)), ct)).Batch is not { } made)
            return TypedResults.LocalRedirect($"~/batches/{id}?lost=retry");
        work.Raise();
        return TypedResults.LocalRedirect($"~/batches/{WireId.Batch.Format(made.Id)}");
    }

    static async Task<Batch?> FindAsync(DarkroomDb db, string id, HttpContext http, CancellationToken ct)
    {
        var project = http.User.ProjectId();
        return WireId.Batch.TryParse(id, out var batch) ? await db.Batches.AsNoTracking().SingleOrDefaultAsync(b => b.Id == batch && b.ProjectId == project, ct) : null;
    }

    static RazorComponentResult<MissingPage> NotFound(
        HttpContext http, string what = "There is no such batch in your project", string hint = "It may belong to another project.") => new(new
        {
            Visitor = Visitor.Of(http),
            What = what,
            Hint = hint,
            Way = ("/batches", "All batches"),
        })
        { StatusCode = StatusCodes.Status404NotFound };
}
