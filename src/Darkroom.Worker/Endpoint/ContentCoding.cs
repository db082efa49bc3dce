using System.IO.Compression;
using System.IO.Pipelines;

namespace Darkroom.Worker.Endpoint;

/// <summary>
/// Undoes <c>Content-Encoding</c>. We ask for none, for base64 of compressed pictures does not shrink enough to pay for the work, but a
/// gateway may compress all the same. (The handler's own decompression would ask for it.)
/// </summary>
internal static class ContentCoding
{
    /// <exception cref="NotSupportedException">A coding that nobody asked for and we do not know.</exception>
    public static async Task<Stream> OpenAsync(HttpContent content, CancellationToken ct)
    {
        var stream = await content.ReadAsStreamAsync(ct);
        // The last one named was applied last.
        foreach (var coding in content.Headers.ContentEncoding.Reverse())
        {
            stream = coding.ToLowerInvariant() switch
            {
                "identity" => stream,
                "gzip" or "x-gzip" => new GZipStream(stream, CompressionMode.Decompress),
                "br" => new BrotliStream(stream, CompressionMode.Decompress),
                "deflate" => await InflateAsync(stream, ct),
                _ => throw new NotSupportedException($"The body is in an unknown Content-Encoding: {coding}."),
            };
        }
        return stream;
    }

    /// <summary>
    /// RFC 9110 means zlib by <c>deflate</c>; some servers send it without zlib's frame. A zlib header is 8 in the low nibble and, as a
    /// 16-bit number, a multiple of 31 (RFC 1950), which no raw stream of theirs begins with.
    /// </summary>
    static async Task<Stream> InflateAsync(Stream stream, CancellationToken ct)
    {
        var pipe = PipeReader.Create(stream);
        var start = await pipe.ReadAtLeastAsync(2, ct);
        var head = new byte[2];
        using (var bytes = new MemoryStream(head))
        {
            foreach (var chunk in start.Buffer.Slice(0, Math.Min(2, start.Buffer.Length)))
                bytes.Write(chunk.Span);
        }
        pipe.AdvanceTo(start.Buffer.Start);
        return (head[0] & 15) == 8 && ((head[0] << 8) | head[1]) % 31 == 0
            ? new ZLibStream(pipe.AsStream(), CompressionMode.Decompress)
            : new DeflateStream(pipe.AsStream(), CompressionMode.Decompress);
    }
}
