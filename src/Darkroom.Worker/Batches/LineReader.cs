using System.Buffers;

namespace Darkroom.Worker.Batches;

/// <summary>Goes through a stream line by line with one small buffer, which grows with the longest line and never beyond a limit.</summary>
/// <param name="longest">Bytes of a line; of a longer one only that it is there is told.</param>
internal sealed class LineReader(Stream stream, int longest) : IDisposable
{
    byte[] buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
    int start, end;
    bool ended;

    /// <summary>From 1, as editors count.</summary>
    public int Number { get; private set; }

    public bool TooLong { get; private set; }

    /// <summary>Without its end; until the next call.</summary>
    public ReadOnlyMemory<byte> Line { get; private set; }

    /// <returns>False at the end of the stream.</returns>
    public async ValueTask<bool> NextAsync(CancellationToken ct)
    {
        TooLong = false;
        for (var seen = 0; ;)
        {
            var at = buffer.AsSpan(start + seen, end - start - seen).IndexOf((byte)'\n');
            if (at >= 0 || (ended && (end > start || TooLong)))
            {
                Take(at >= 0 ? seen + at : end - start, skip: at >= 0 ? 1 : 0);
                return true;
            }
            if (ended)
                return false;
            seen = end - start;
            if (TooLong || seen > longest)
            {
                (TooLong, start, end, seen) = (true, 0, 0, 0);
            }
            MakeRoom();
            var read = await stream.ReadAsync(buffer.AsMemory(end), ct);
            ended = read == 0;
            end += read;
        }
    }

    void Take(int length, int skip)
    {
        Number++;
        TooLong |= length > longest;
        var line = buffer.AsMemory(start, TooLong ? 0 : length);
        // Windows programs begin a file with a byte order mark and end lines with two characters.
        if (Number == 1 && line.Span.StartsWith("\uFEFF"u8))
            line = line[3..];
        Line = line.Span.EndsWith("\r"u8) ? line[..^1] : line;
        start += length + skip;
    }

    void MakeRoom()
    {
        if (start > 0)
        {
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            (start, end) = (0, end - start);
        }
        if (end < buffer.Length)
            return;
        var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        buffer.AsSpan(0, end).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = larger;
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(buffer);
}
