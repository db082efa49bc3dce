using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Darkroom.Cli.Submitting;

/// <summary>Reads a file line by line, one line in memory at a time.</summary>
internal static class ByteLines
{
    /// <summary>Four times what Darkroom takes as one request's body; a longer line is another kind of file.</summary>
    public const int Longest = 2 * 1024 * 1024;

    static readonly byte[] ByteOrderMark = [0xEF, 0xBB, 0xBF];

    /// <summary>
    /// Lines without their ends, with numbers from 1; each is valid until the next is asked for. One longer than <see cref="Longest"/> is cut
    /// and is the last.
    /// </summary>
    public static async IAsyncEnumerable<(int Number, ReadOnlyMemory<byte> Line)> ReadAsync(Stream stream, [EnumeratorCancellation] CancellationToken ct)
    {
        var pipe = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 64 * 1024));
        var line = new ArrayBufferWriter<byte>();
        for (var number = 1; ; number++)
        {
            line.ResetWrittenCount();
            var ended = await ReadLineAsync(pipe, line, ct);
            if (line.WrittenCount == 0 && ended)
                yield break;
            yield return (number, Trimmed(line.WrittenMemory, number));
            if (ended || line.WrittenCount > Longest)
                yield break;
        }
    }

    /// <returns>True where the file ends with this line.</returns>
    static async Task<bool> ReadLineAsync(PipeReader pipe, ArrayBufferWriter<byte> line, CancellationToken ct)
    {
        while (true)
        {
            var read = await pipe.ReadAsync(ct);
            var end = read.Buffer.PositionOf((byte)'\n');
            var part = end is { } at ? read.Buffer.Slice(0, at) : read.Buffer;
            foreach (var piece in part)
                line.Write(piece.Span);
            pipe.AdvanceTo(end is { } last ? read.Buffer.GetPosition(1, last) : read.Buffer.End);
            if (end is not null || line.WrittenCount > Longest)
                return false;
            if (read.IsCompleted)
                return true;
        }
    }

    static ReadOnlyMemory<byte> Trimmed(ReadOnlyMemory<byte> line, int number)
    {
        if (number == 1 && line.Span.StartsWith(ByteOrderMark))
            line = line[ByteOrderMark.Length..];
        return line.Span is [.., (byte)'\r'] ? line[..^1] : line;
    }
}
