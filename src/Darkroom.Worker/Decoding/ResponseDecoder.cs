using System.IO.Pipelines;

namespace Darkroom.Worker.Decoding;

/// <summary>
/// Reads an endpoint's answer as it comes and writes each picture in it to its sink, in memory that does not grow with the
/// pictures. Any body gives a result. Safe for any number of bodies at once.
/// </summary>
internal sealed class ResponseDecoder(DecodingOptions options)
{
    /// <summary>Most bytes taken from the body at a time; measured in <c>docs/decoding.md</c>.</summary>
    internal const int ReadBytes = 256 << 10;

    /// <summary>Zero-byte reads wait for data without a buffer, so a thousand slow responses hold none.</summary>
    private static readonly StreamPipeReaderOptions PipeOptions = new(bufferSize: ReadBytes, leaveOpen: true, useZeroByteReads: true);

    /// <summary>Never throws for what the body, its connection or the sinks do: that is <see cref="Decoded.Fault"/>.</summary>
    /// <param name="body">Left open. Its time-outs are the caller's, by way of <paramref name="cancellation"/>.</param>
    /// <param name="openPicture">
    /// Opens the sink of the picture with this index; not called before its first bytes are there, nor again for the same index. The
    /// decoder writes synchronously, in pieces of up to 192 KiB (so the stream needs no buffer of its own), and disposes it when the
    /// picture ends, before the next is opened. It does not flush to disk.
    /// </param>
    /// <param name="received">Told the number of bytes after each read that brought some.</param>
    public async Task<Decoded> DecodeAsync(
        Stream body, Func<int, Stream> openPicture, Action<int>? received = null, CancellationToken cancellation = default)
    {
        using ImageResponseReader response = new(options, openPicture);
        PipeReader pipe = PipeReader.Create(body, PipeOptions);
        DecodeFault? fault = null;
        bool ended = false;
        long bytes = 0;
        while (fault is null && !ended)
        {
            ReadResult read;
            try
            {
                read = await pipe.ReadAsync(cancellation);
            }
            catch (Exception e)
            {
                // Once the object has ended, all that was lost is white space.
                fault = response.IsComplete ? null : FaultOf(e, cancellation);
                break;
            }

            ended = read.IsCompleted;
            bytes += read.Buffer.Length;
            if (!read.Buffer.IsEmpty) received?.Invoke((int)read.Buffer.Length);
            if (bytes > options.MaxBodyBytes) fault = new(DecodeFaultKind.TooLarge, $"The body is longer than {options.MaxBodyBytes} bytes.");
            foreach (ReadOnlyMemory<byte> chunk in read.Buffer) fault ??= response.Read(chunk.Span);
            pipe.AdvanceTo(read.Buffer.End);
        }

        pipe.Complete();
        if (ended && !response.IsComplete) fault ??= new(DecodeFaultKind.Truncated, $"The body ended after {bytes} bytes, before its JSON did.");
        return response.End(fault, bytes);
    }

    private static DecodeFault FaultOf(Exception e, CancellationToken cancellation) => e switch
    {
        OperationCanceledException when cancellation.IsCancellationRequested =>
            new(DecodeFaultKind.Canceled, "Reading the body was cancelled.", e),
        HttpIOException { HttpRequestError: HttpRequestError.ResponseEnded } =>
            new(DecodeFaultKind.Truncated, "The connection closed before the body ended.", e),
        _ => new(DecodeFaultKind.ReadFailed, $"Reading the body failed: {e.Message}", e),
    };
}
