using System.Text;
using Darkroom.Simulator.Pictures;

namespace Darkroom.Simulator.Answers;

/// <summary>A stretch of a body, made only when it is sent, a bufferful at a time.</summary>
internal abstract record BodyPiece
{
    /// <summary>In bytes; null when it is not known beforehand or has no end.</summary>
    public abstract long? Length { get; }

    /// <summary>The bytes in order. A chunk is valid until the next is asked for, and may lie in the buffer.</summary>
    public abstract IEnumerable<ReadOnlyMemory<byte>> Chunks(byte[] buffer);
}

/// <summary>Bytes as they are.</summary>
internal sealed record Plain(ReadOnlyMemory<byte> Bytes) : BodyPiece
{
    public Plain(string text) : this(Encoding.UTF8.GetBytes(text)) { }

    public override long? Length => Bytes.Length;

    public override IEnumerable<ReadOnlyMemory<byte>> Chunks(byte[] buffer)
    {
        for (var start = 0; start < Bytes.Length; start += buffer.Length)
            yield return Bytes.Slice(start, Math.Min(buffer.Length, Bytes.Length - start));
    }
}

/// <summary>A picture as base64, encoded on the way out.</summary>
internal sealed record Base64(Picture Picture) : BodyPiece
{
    public override long? Length => (Picture.Length + 2) / 3 * 4;

    public override IEnumerable<ReadOnlyMemory<byte>> Chunks(byte[] buffer)
    {
        // Gathers up to three quarters of the buffer at its start, a multiple of three, and encodes that in place.
        var room = buffer.Length / 4 * 3;
        var filled = 0;
        foreach (var part in Picture.Parts)
            for (var rest = part; rest.Length > 0;)
            {
                var taken = Math.Min(rest.Length, room - filled);
                rest[..taken].CopyTo(buffer.AsMemory(filled));
                (rest, filled) = (rest[taken..], filled + taken);
                if (filled < room)
                    continue;
                yield return Encode(buffer, filled);
                filled = 0;
            }
        if (filled > 0)
            yield return Encode(buffer, filled);
    }

    private static ReadOnlyMemory<byte> Encode(byte[] buffer, int filled)
    {
        System.Buffers.Text.Base64.EncodeToUtf8InPlace(buffer, filled, out var written);
        return buffer.AsMemory(0, written);
    }
}

/// <summary>The same text again and again, for ever.</summary>
internal sealed record Endless(string Text) : BodyPiece
{
    public override long? Length => null;

    public override IEnumerable<ReadOnlyMemory<byte>> Chunks(byte[] buffer)
    {
        var text = Encoding.UTF8.GetBytes(Text);
        for (var start = 0; start < buffer.Length; start++)
            buffer[start] = text[start % text.Length];
        while (true)
            yield return buffer.AsMemory(0, buffer.Length / text.Length * text.Length);
    }
}

/// <summary>Another piece's base64 with its slashes and every 61st character escaped, as JSON allows.</summary>
internal sealed record Escaped(BodyPiece Inner) : BodyPiece
{
    private const int Longest = 6;

    public override long? Length => null;

    public override IEnumerable<ReadOnlyMemory<byte>> Chunks(byte[] buffer)
    {
        var inner = new byte[buffer.Length / Longest / 4 * 4];
        var position = 0;
        foreach (var chunk in Inner.Chunks(inner))
        {
            var written = 0;
            foreach (var letter in chunk.Span)
            {
                if (position++ % 61 == 60)
                    written += Encoding.ASCII.GetBytes($"\\u{(int)letter:x4}", buffer.AsSpan(written));
                else if (letter == '/')
                    (buffer[written], buffer[written + 1], written) = ((byte)'\\', (byte)'/', written + 2);
                else
                    buffer[written++] = letter;
            }
            yield return buffer.AsMemory(0, written);
        }
    }
}
