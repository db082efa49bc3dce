using Darkroom.Worker.Api;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Darkroom.Worker.Storage;

/// <summary>One object of the store, as its row knows it.</summary>
/// <param name="Kind">What it is called in answers: <c>picture</c>, <c>file</c>.</param>
/// <param name="Disposition">The header that names it for a browser.</param>
internal sealed record ContentFacts(StoreKey Key, string Kind, long Bytes, byte[] Sha256, string Disposition);

/// <summary>Sends an object straight from the store: resumable, and cached for good because what a key names never changes.</summary>
internal sealed partial class StoredContent(IImageStore store, IOptions<StorageOptions> storage, ILogger<StoredContent> logger)
{
    /// <summary>Long enough for a slow line to begin the download that a redirect led to.</summary>
    static readonly TimeSpan RedirectLifetime = TimeSpan.FromMinutes(10);

    public async Task<IResult> SendAsync(HttpContext http, ContentFacts content, CancellationToken ct)
    {
        if (storage.Value.RedirectToSignedUrls && store.SignedUrl(content.Key, RedirectLifetime) is { } elsewhere)
        {
            http.Response.Headers.CacheControl = "private, no-store";
            return TypedResults.Redirect(elsewhere.ToString());
        }
        var tag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(content.Sha256)}\"");
        http.Response.Headers.ETag = tag.ToString();
        http.Response.Headers.CacheControl = "private, max-age=31536000, immutable";
        if (http.Request.GetTypedHeaders().IfNoneMatch is { Count: > 0 } had && had.Any(h => h == EntityTagHeaderValue.Any || h.Compare(tag, false)))
            return TypedResults.StatusCode(StatusCodes.Status304NotModified);
        http.Response.Headers.AcceptRanges = "bytes";
        return content.Bytes == 0 ? Empty(http, content) : await SendAsync(http, content, ByteRange.Of(http.Request, tag, content.Bytes), ct);
    }

    async Task<IResult> SendAsync(HttpContext http, ContentFacts content, ByteRange range, CancellationToken ct)
    {
        if (range.Length == 0)
        {
            http.Response.Headers.ContentRange = $"bytes */{content.Bytes}";
            return new ApiError(416, "invalid_request_error", "range_not_satisfiable", $"The {content.Kind} has {content.Bytes} bytes.", "Range");
        }
        var opened = await store.OpenReadAsync(content.Key, range.Offset, range.Length, ct);
        if (opened.Failure is { } failure)
        {
            Log.StoreFailed(logger, content.Key.Path, failure.Message);
            return ApiError.Unavailable($"The {content.Kind}'s store does not answer. Try again shortly.");
        }
        if (opened.Value is not { } stored)
            return ApiError.Gone($"This {content.Kind} is no longer in the store.");
        await using (stored)
        {
            http.Response.StatusCode = range.Partial ? StatusCodes.Status206PartialContent : StatusCodes.Status200OK;
            Describe(http, content, range.Length);
            if (range.Partial)
                http.Response.Headers.ContentRange = $"bytes {range.Offset}-{range.Offset + range.Length - 1}/{content.Bytes}";
            if (!HttpMethods.IsHead(http.Request.Method))
                await CopyAsync(http, content.Key, stored.Body, ct);
        }
        return Results.Empty;
    }

    /// <summary>No range of it exists, and its bytes need not be asked for.</summary>
    static IResult Empty(HttpContext http, ContentFacts content)
    {
        Describe(http, content, length: 0);
        return Results.Empty;
    }

    static void Describe(HttpContext http, ContentFacts content, long length)
    {
        http.Response.ContentType = content.Key.ContentType;
        http.Response.ContentLength = length;
        http.Response.Headers.XContentTypeOptions = "nosniff";
        http.Response.Headers.ContentDisposition = content.Disposition;
    }

    async Task CopyAsync(HttpContext http, StoreKey key, Stream body, CancellationToken ct)
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

    static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "{Key} cannot be read from the store: {Reason}")]
        public static partial void StoreFailed(ILogger logger, string key, string reason);
    }
}
