using System.Buffers;
using Darkroom.Worker.Api;
using Microsoft.Net.Http.Headers;

namespace Darkroom.Worker.Submission;

/// <summary>The bytes of a JSON request, in a pooled array that goes back when this is disposed.</summary>
internal readonly record struct RequestBody(byte[] Pooled, int Length) : IDisposable
{
    /// <summary>Ten times the longest prompt, escaped; a request for pictures has no reason to be longer.</summary>
    public const int MostBytes = 512 * 1024;

    public ReadOnlySpan<byte> Bytes => Pooled.AsSpan(0, Length);

    /// <summary>Null if the body may be read, else why not: nothing of a body that is refused here has been read.</summary>
    public static ApiError? Refuse(HttpRequest request)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            || !type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase))
            return ApiError.UnsupportedMediaType("The body must be sent as Content-Type: application/json.");
        if (type.Charset.HasValue && !type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase))
            return ApiError.UnsupportedMediaType($"JSON is UTF-8; the charset '{type.Charset}' is not understood.");
        if (request.Headers.ContentEncoding is { Count: > 0 } encodings && encodings != "identity")
            return ApiError.UnsupportedMediaType($"The body must not be compressed; the Content-Encoding '{encodings}' is not understood.");
        return request.ContentLength > MostBytes ? TooLong() : null;
    }

    /// <summary>Reads to the end, but never more than one byte beyond <see cref="MostBytes"/>; null where the body is longer.</summary>
    public static async Task<RequestBody?> ReadAsync(HttpRequest request, CancellationToken ct)
    {
        const int FirstGuess = 4096;
        var pooled = ArrayPool<byte>.Shared.Rent((int)(request.ContentLength ?? FirstGuess) + 1);
        var length = 0;
        while (await request.Body.ReadAsync(pooled.AsMemory(length), ct) is > 0 and var read)
        {
            length += read;
            if (length > MostBytes)
            {
                ArrayPool<byte>.Shared.Return(pooled);
                return null;
            }
            if (length == pooled.Length)
                pooled = Grow(pooled);
        }
        return new(pooled, length);
    }

    public static ApiError TooLong() => ApiError.TooLarge($"The body is longer than {MostBytes / 1024} KB.");

    public void Dispose() => ArrayPool<byte>.Shared.Return(Pooled);

    static byte[] Grow(byte[] full)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Min(full.Length * 2, MostBytes + 1));
        full.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(full);
        return larger;
    }
}
