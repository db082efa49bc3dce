using Darkroom.Migrations;
using Darkroom.Migrations.Rows;
using Darkroom.Worker.Access;
using Darkroom.Worker.Api;
using Darkroom.Worker.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Darkroom.Worker.Jobs;

/// <summary>Sends one picture: straight from the store, resumable, and cached for good because what a picture's link names never changes.</summary>
internal sealed partial class JobImages(
    IDbContextFactory<DarkroomDb> databases, IImageStore store, IOptions<StorageOptions> storage, ILogger<JobImages> logger)
{
    /// <summary>Long enough for a slow line to begin the download that a redirect led to.</summary>
    static readonly TimeSpan RedirectLifetime = TimeSpan.FromMinutes(10);

    public async Task<IResult> SendAsync(HttpContext http, string id, int index, CancellationToken ct)
    {
        if (!WireId.Job.TryParse(id, out var jobId) || await FindAsync(http, jobId, index, ct) is not var (job, image))
            return JobRoutes.NoSuchJob(id);
        if (image is null)
        {
            if (job.PicturesRemoved)
                return ApiError.Gone("The pictures of this job were removed when their time was over (Darkroom:Retention:Pictures).");
            return ApiError.NotFound(job.Status == JobStatus.Succeeded
                ? $"Job '{id}' has no picture {index}; the first is 0."
                : $"Job '{id}' is {job.Status} and has no pictures.");
        }
        var key = new ImageKey(job.ProjectId, image.JobId, image.AttemptId, image.Index, image.Extension);
        if (storage.Value.RedirectToSignedUrls && store.SignedUrl(key, RedirectLifetime) is { } elsewhere)
        {
            http.Response.Headers.CacheControl = "private, no-store";
            return TypedResults.Redirect(elsewhere.ToString());
        }
        var tag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(image.Sha256)}\"");
        http.Response.Headers.ETag = tag.ToString();
        http.Response.Headers.CacheControl = "private, max-age=31536000, immutable";
        if (http.Request.GetTypedHeaders().IfNoneMatch is { Count: > 0 } had && had.Any(h => h == EntityTagHeaderValue.Any || h.Compare(tag, false)))
            return TypedResults.StatusCode(StatusCodes.Status304NotModified);
        return await SendAsync(http, image, key, ByteRange.Of(http.Request, tag, image.Bytes), ct);
    }

    /// <summary>A signed link opens its job whatever the project; a key only its own project's.</summary>
    async Task<(JobFacts, Image?)?> FindAsync(HttpContext http, Guid jobId, int index, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        var job = await db.Jobs.Where(j => j.Id == jobId)
            .Select(j => new JobFacts(j.ProjectId, j.Status, j.Status == JobStatus.Succeeded && j.Images.Count == 0)).SingleOrDefaultAsync(ct);
        if (job is null || (!http.User.IsLink() && job.ProjectId != http.User.ProjectId()))
            return null;
        return (job, await db.Images.AsNoTracking().SingleOrDefaultAsync(i => i.JobId == jobId && i.Index == index, ct));
    }

    async Task<IResult> SendAsync(HttpContext http, Image image, ImageKey key, ByteRange range, CancellationToken ct)
    {
        http.Response.Headers.AcceptRanges = "bytes";
        if (range.Length == 0)
        {
            http.Response.Headers.ContentRange = $"bytes */{image.Bytes}";
            return new ApiError(416, "invalid_request_error", "range_not_satisfiable", $"The picture has {image.Bytes} bytes.", "Range");
        }
        var opened = await store.OpenReadAsync(key, range.Offset, range.Length, ct);
        if (opened.Failure is { } failure)
        {
            Log.StoreFailed(logger, key.Path, failure.Message);
            return ApiError.Unavailable("The picture's store does not answer. Try again shortly.");
        }
        if (opened.Value is not { } stored)
            return ApiError.Gone("This picture is no longer in the store.");
        await using (stored)
        {
            http.Response.StatusCode = range.Partial ? StatusCodes.Status206PartialContent : StatusCodes.Status200OK;
            http.Response.ContentType = image.ContentType;
            http.Response.ContentLength = range.Length;
            http.Response.Headers.XContentTypeOptions = "nosniff";
            http.Response.Headers.ContentDisposition = $"inline; filename=\"{WireId.Job.Format(image.JobId)}-{image.Index}.{image.Extension}\"";
            if (range.Partial)
                http.Response.Headers.ContentRange = $"bytes {range.Offset}-{range.Offset + range.Length - 1}/{image.Bytes}";
            if (!HttpMethods.IsHead(http.Request.Method))
                await CopyAsync(http, key, stored.Body, ct);
        }
        return Results.Empty;
    }

    async Task CopyAsync(HttpContext http, ImageKey key, Stream body, CancellationToken ct)
    {
        const int Buffer = 64 * 1024;
        try
        {
            await body.CopyToAsync(http.Response.Body, Buffer, ct);
        }
        catch (Exception broken) when (!ct.IsCancellationRequested)
        {
            // The status is sent: only a cut connection still tells the caller that bytes are missing.
            Log.StoreFailed(logger, key.Path, broken.Message);
            http.Abort();
        }
    }

    sealed record JobFacts(Guid ProjectId, string Status, bool PicturesRemoved);

    static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Picture {Key} cannot be read: {Reason}")]
        public static partial void StoreFailed(ILogger logger, string key, string reason);
    }
}
