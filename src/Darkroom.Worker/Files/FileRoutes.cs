using Darkroom.Client;
using Darkroom.Migrations;
using Darkroom.Worker.Access;
using Darkroom.Worker.Api;
using Darkroom.Worker.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Net.Http.Headers;
using Row = Darkroom.Migrations.Rows;

namespace Darkroom.Worker.Files;

internal static class FileRoutes
{
    const string Tag = "Files", All = "/v1/files", One = "/v1/files/{id}";

    public static void MapFiles(this IEndpointRouteBuilder routes)
    {
        routes.MapPost(All, UploadAsync).RequireAuthorization(Scopes.Submit)
            .Describe(Tag, "Upload a file", "The lines of a batch, each a JSON object {custom_id, method, url, body}. They are read when a batch is made of them.", 400, 413, 415)
            .TakesForm<UploadForm>("Its parts may come in any order.")
            .WithMetadata(new AnyLength())
            .Produces<StoredFile>();
        routes.MapGet(All, ListAsync).RequireAuthorization(Scopes.Read)
            .Describe(Tag, "List files", "Newest first, or oldest first.")
            .TakesPage(most: FileFilter.Most, unsaid: FileFilter.Most)
            .TakesQuery("purpose", "One or both of batch and batch_output, separated by commas.")
            .TakesQuery("order", "desc (default) or asc, by the time of creation.")
            .Produces<ListPage<StoredFile>>();
        routes.MapGet(One, GetAsync).RequireAuthorization(Scopes.Read)
            .Describe(Tag, "Get a file", "What it is; its bytes are at /content.", 404).Produces<StoredFile>();
        routes.MapMethods(One + "/content", ["GET", "HEAD"], SendAsync).RequireAuthorization(Scopes.ReadOrLink)
            .Describe(Tag, "Download a file", "With ETag and ranges; or a redirect into the store where so configured. A signed link needs no key.", 404, 410, 416)
            .Produces(StatusCodes.Status200OK, contentType: "application/jsonl")
            .Produces(StatusCodes.Status206PartialContent)
            .Produces(StatusCodes.Status302Found)
            .Produces(StatusCodes.Status304NotModified);
        routes.MapDelete(One, DeleteAsync).RequireAuthorization(Scopes.Submit)
            .Describe(Tag, "Delete a file", "A batch that was made of it is not touched; while its lines are being read the answer is 409.", 404, 409)
            .Produces<DeletedFile>();
    }

    static async Task<IResult> UploadAsync(HttpContext http, UploadReader reader, StoredFiles files, CancellationToken ct)
    {
        var (upload, refusal) = await reader.ReadAsync(http.Request, http.User.ProjectId(), ct);
        if (refusal is not null)
            return refusal;
        await using (upload)
        {
            var kept = await files.KeepAsync(upload!.Draft, FilePurpose.Batch, upload.Fields[UploadReader.File], upload.ExpiresAfter, ct);
            return kept.Failure is null
                ? TypedResults.Json(FileView.Of(kept.Value), DarkroomJson.Answers.StoredFile)
                : ApiError.Unavailable("The store does not take the file just now. Try again shortly.");
        }
    }

    static async Task<IResult> ListAsync(HttpContext http, IDbContextFactory<DarkroomDb> databases, CancellationToken ct)
    {
        var query = new QueryReader(http.Request.Query);
        var filter = FileFilter.From(query);
        if (query.Refusal() is { } refusal)
            return refusal;
        await using var db = await databases.CreateDbContextAsync(ct);
        return TypedResults.Json(
            Page.Of(await FileList.ReadAsync(db, http.User.ProjectId(), filter, ct), filter.Limit, FileView.Of, file => file.Id), DarkroomJson.Answers.ListPageStoredFile);
    }

    static async Task<IResult> GetAsync(string id, HttpContext http, IDbContextFactory<DarkroomDb> databases, CancellationToken ct) =>
        await FindAsync(id, http, databases, ct) is { } row ? TypedResults.Json(FileView.Of(row), DarkroomJson.Answers.StoredFile) : NoSuchFile(id);

    static async Task<IResult> SendAsync(
        string id, HttpContext http, IDbContextFactory<DarkroomDb> databases, StoredContent content, CancellationToken ct)
    {
        return await FindAsync(id, http, databases, ct) is { } row ? await SendFileAsync(http, row, content, ct) : NoSuchFile(id);
    }

    internal static async Task<IResult> SendFileAsync(HttpContext http, Row.StoredFile row, StoredContent content, CancellationToken ct)
    {
        var disposition = new ContentDispositionHeaderValue("attachment");
        disposition.SetHttpFileName(row.Filename);
        return await content.SendAsync(http, new(new FileKey(row.ProjectId, row.Id, row.Sha256), "file", row.Bytes, row.Sha256, disposition.ToString()), ct);
    }

    static async Task<IResult> DeleteAsync(string id, HttpContext http, StoredFiles files, CancellationToken ct) =>
        (WireId.File.TryParse(id, out var fileId) ? await files.DeleteAsync(http.User.ProjectId(), fileId, ct) : null) switch
        {
            FileRemoval.Done => TypedResults.Json(new DeletedFile(id, Deleted: true), DarkroomJson.Answers.DeletedFile),
            FileRemoval.InUse => ApiError.Conflict("file_in_use", "A batch is reading the lines of this file. Try again in a moment."),
            _ => NoSuchFile(id),
        };

    /// <summary>A signed link opens its file whatever the project; a key only its own project's.</summary>
    static async Task<Row.StoredFile?> FindAsync(string id, HttpContext http, IDbContextFactory<DarkroomDb> databases, CancellationToken ct)
    {
        if (!WireId.File.TryParse(id, out var fileId))
            return null;
        await using var db = await databases.CreateDbContextAsync(ct);
        var row = await db.Files.Seen().AsNoTracking().SingleOrDefaultAsync(f => f.Id == fileId, ct);
        return row is not null && (http.User.IsLink() || row.ProjectId == http.User.ProjectId()) ? row : null;
    }

    static ApiError NoSuchFile(string id) => ApiError.NotFound($"There is no file '{id}' in this project.");
}
