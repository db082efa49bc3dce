using Darkroom.Worker.Api;
using Darkroom.Worker.Storage;
using Microsoft.Net.Http.Headers;

namespace Darkroom.Worker.Batches;

/// <summary>Sends a batch's archive, or the part of it that is asked for: a download that broke off goes on where it ended.</summary>
internal sealed partial class BatchArchive(ArchiveContent content, IImageStore store, ILogger<BatchArchive> logger)
{
    /// <param name="name">Without its ending.</param>
    public async Task<IResult> SendAsync(HttpContext http, Guid batchId, string name, CancellationToken ct)
    {
        var plan = await content.PlanAsync(batchId, ct);
        var tag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(plan.Tag)}\"");
        http.Response.Headers.ETag = tag.ToString();
        http.Response.Headers.AcceptRanges = "bytes";
        var range = ByteRange.Of(http.Request, tag, plan.Length);
        if (range.Length == 0)
        {
            http.Response.Headers.ContentRange = $"bytes */{plan.Length}";
            return new ApiError(416, "invalid_request_error", "range_not_satisfiable", $"The archive has {plan.Length} bytes.", "Range");
        }
        http.Response.StatusCode = range.Partial ? StatusCodes.Status206PartialContent : StatusCodes.Status200OK;
        http.Response.ContentType = "application/zip";
        http.Response.ContentLength = range.Length;
        http.Response.Headers.ContentDisposition = $"attachment; filename=\"{name}.zip\"";
        if (range.Partial)
            http.Response.Headers.ContentRange = $"bytes {range.Offset}-{range.Offset + range.Length - 1}/{plan.Length}";
        if (HttpMethods.IsHead(http.Request.Method))
            return Results.Empty;
        try
        {
            await WriteAsync(batchId, plan, range, http.Response.Body, ct);
        }
        catch (Exception broken) when (!ct.IsCancellationRequested)
        {
            // Only a cut connection still tells the caller that bytes are missing; it may ask for the rest.
            Log.CutShort(logger, name, broken.Message);
            http.Abort();
        }
        return Results.Empty;
    }

    async Task WriteAsync(Guid batchId, ArchivePlan plan, ByteRange range, Stream body, CancellationToken ct)
    {
        long offset = 0, end = range.Offset + range.Length;
        await foreach (var part in content.PartsAsync(batchId, plan, ct))
        {
            var skip = Math.Max(0, range.Offset - offset);
            var length = Math.Min(part.Length, end - offset) - skip;
            offset += part.Length;
            if (length > 0)
                await WriteAsync(part, skip, length, body, ct);
            if (offset >= end)
                return;
        }
        throw new StoreTroubleException("its lines have changed meanwhile");
    }

    async Task WriteAsync(ArchivePart part, long skip, long length, Stream body, CancellationToken ct)
    {
        const int Buffer = 64 * 1024;
        if (part.Bytes is { } bytes)
        {
            await body.WriteAsync(bytes.AsMemory((int)skip, (int)length), ct);
            return;
        }
        var opened = await store.OpenReadAsync(part.Picture!, skip, length, ct);
        if (opened.Failure is { } failure)
            throw new StoreTroubleException(failure.Message);
        await using var picture = opened.Value ?? throw new StoreTroubleException($"{part.Picture} is no longer in the store");
        if (picture.TotalLength != part.Length)
            throw new StoreTroubleException($"{part.Picture} has {picture.TotalLength} bytes instead of {part.Length}");
        await picture.Body.CopyToAsync(body, Buffer, ct);
    }

    static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The archive of {Batch} was cut short: {Reason}")]
        public static partial void CutShort(ILogger logger, string batch, string reason);
    }
}
