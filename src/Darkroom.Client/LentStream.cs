using System.Net;

namespace Darkroom.Client;

/// <summary>The rest of a stream as a request's content. The stream stays open, so that the request can be made anew.</summary>
/// <param name="start">Where to begin, of a stream that can seek.</param>
internal sealed class LentStream(Stream stream, long start) : HttpContent
{
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, default);

    protected override Task SerializeToStreamAsync(Stream target, TransportContext? context, CancellationToken cancellationToken)
    {
        if (stream.CanSeek)
            stream.Position = start;
        return stream.CopyToAsync(target, cancellationToken);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = stream.CanSeek ? stream.Length - start : 0;
        return stream.CanSeek;
    }
}
