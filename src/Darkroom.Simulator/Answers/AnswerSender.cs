using System.Buffers;
using System.IO.Compression;

namespace Darkroom.Simulator.Answers;

/// <summary>Sends an answer through one rented buffer, whatever the size of its body.</summary>
internal sealed class AnswerSender(SimulatorOptions options)
{
    private const int BufferLength = 32 * 1024;

    /// <summary>Ends when the answer is sent, cut short as planned, or the caller has gone.</summary>
    /// <exception cref="OperationCanceledException">The simulator stops.</exception>
    public async Task<Sent> SendAsync(HttpContext http, Answer answer, CancellationToken stop)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, http.RequestAborted);
        var progress = new Progress();
        try
        {
            if (answer.Cut is not { Place: CutPlace.BeforeHeaders })
                await SendBodyAsync(http, answer, progress, either.Token);
            if (answer.Cut is { } cut)
                await EndAsync(http, cut.Ending, either.Token);
            return new Sent(progress.Started ? answer.Status : null, progress.Bytes, ClientAborted: false);
        }
        catch (Exception gone) when (http.RequestAborted.IsCancellationRequested && gone is OperationCanceledException or IOException)
        {
            return new Sent(progress.Started ? answer.Status : null, progress.Bytes, ClientAborted: true);
        }
    }

    private async Task SendBodyAsync(HttpContext http, Answer answer, Progress progress, CancellationToken cancel)
    {
        var pieces = answer.Body.Pieces();
        var length = answer.Encoding is null && pieces.All(piece => piece.Length is not null) ? pieces.Sum(piece => piece.Length) : null;
        var end = EndOf(answer.Cut, length);
        http.Response.StatusCode = answer.Status;
        http.Response.ContentType = answer.ContentType;
        foreach (var (name, value) in answer.Headers)
            http.Response.Headers[name] = value;
        if (answer.Cut is { Announced: true })
            http.Response.ContentLength = end;
        else if (answer.Cut is null && answer.Body is not GenerationBody)
            http.Response.ContentLength = length;
        if (answer.Encoding is not null)
            http.Response.Headers.ContentEncoding = answer.Encoding == "raw_deflate" ? "deflate" : answer.Encoding;
        // The real one sends its headers when the picture is there; flushing them makes a later reset or stall arrive as such.
        cancel.ThrowIfCancellationRequested();
        progress.Started = true;
        await http.Response.StartAsync(cancel);
        await http.Response.Body.FlushAsync(cancel);

        await using var compressor = Compressor(answer.Encoding, http.Response.Body);
        var pace = new Pace(options.TimeProvider, answer, length);
        foreach (var chunk in Chunks(pieces, end, answer.Trickle?.Bytes ?? BufferLength))
        {
            await pace.WaitAsync(progress.Bytes, cancel);
            progress.Bytes += chunk.Length;
            await (compressor ?? http.Response.Body).WriteAsync(chunk, cancel);
        }
        if (compressor is not null && answer.Cut is not null)
            await compressor.FlushAsync(cancel);
    }

    private static long EndOf(Cut? cut, long? length) => cut switch
    {
        null => long.MaxValue,
        { Place: CutPlace.AfterHeaders } => 0,
        { After: { } after } => after,
        // Ten thousand bytes are past the beginning of the first picture of a body without a known length.
        _ => length / 2 ?? 10_000,
    };

    private static IEnumerable<ReadOnlyMemory<byte>> Chunks(IReadOnlyList<BodyPiece> pieces, long end, int greatest)
    {
        if (end == 0)
            yield break;
        var buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            foreach (var piece in pieces)
                foreach (var chunk in piece.Chunks(buffer))
                    for (var rest = chunk; rest.Length > 0;)
                    {
                        var taken = (int)Math.Min(Math.Min(rest.Length, greatest), end);
                        yield return rest[..taken];
                        (rest, end) = (rest[taken..], end - taken);
                        if (end == 0)
                            yield break;
                    }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static async Task EndAsync(HttpContext http, Ending ending, CancellationToken cancel)
    {
        if (ending == Ending.Stall)
            await Task.Delay(Timeout.Infinite, cancel);
        else if (ending == Ending.Reset)
            await Connections.ResetAsync(http, cancel);
        else if (ending == Ending.Closed)
            Connections.Close(http);
    }

    private static Stream? Compressor(string? encoding, Stream body) => encoding switch
    {
        "gzip" => new GZipStream(body, CompressionLevel.Fastest, leaveOpen: true),
        "br" => new BrotliStream(body, CompressionLevel.Fastest, leaveOpen: true),
        "deflate" => new ZLibStream(body, CompressionLevel.Fastest, leaveOpen: true),
        "raw_deflate" => new DeflateStream(body, CompressionLevel.Fastest, leaveOpen: true),
        _ => null,
    };

    // Counted before each write: the caller may have what was written, and be gone, before the write returns.
    private sealed class Progress
    {
        public bool Started { get; set; }

        public long Bytes { get; set; }
    }
}

/// <param name="Status">Null when not even that was sent.</param>
internal sealed record Sent(int? Status, long Bytes, bool ClientAborted);
