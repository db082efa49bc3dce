using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace Darkroom.Simulator.Pictures;

/// <summary>
/// Makes a picture as large as a real one by adding what its format tells every reader to skip: private ancillary
/// chunks in PNG, comment segments in JPEG, an unknown RIFF chunk in WebP. The padding begins with a fingerprint,
/// so no two pictures have the same bytes even where they show the same drawing.
/// </summary>
internal static class Padding
{
    private const int FingerprintLength = 32;

    // Incompressible, as real pictures are.
    private static readonly byte[] Noise = CreateNoise(1 << 20);

    /// <param name="fingerprint">32 ASCII characters.</param>
    public static Picture Pad(byte[] drawing, OutputFormat format, long targetLength, string fingerprint) => new(format, format switch
    {
        OutputFormat.Jpeg => Jpeg(drawing, targetLength, Encoding.ASCII.GetBytes(fingerprint)),
        OutputFormat.Webp => Webp(drawing, targetLength, Encoding.ASCII.GetBytes(fingerprint)),
        _ => Png(drawing, targetLength, Encoding.ASCII.GetBytes(fingerprint)),
    });

    private static List<ReadOnlyMemory<byte>> Png(byte[] drawing, long target, byte[] fingerprint)
    {
        const int overhead = 12, end = 12;
        var parts = new List<ReadOnlyMemory<byte>> { drawing.AsMemory(0, drawing.Length - end) };
        foreach (var content in Contents(target - drawing.Length, overhead, Noise.Length, fingerprint))
        {
            // Lower case, lower, upper, lower: ancillary, private, valid, safe to copy.
            var header = new byte[8];
            BinaryPrimitives.WriteInt32BigEndian(header, Length(content));
            "paDd"u8.CopyTo(header.AsSpan(4));
            var check = new Crc32();
            check.Append(header.AsSpan(4));
            content.ForEach(part => check.Append(part.Span));
            var trailer = new byte[4];
            BinaryPrimitives.WriteUInt32BigEndian(trailer, check.GetCurrentHashAsUInt32());
            parts.AddRange([header, .. content, trailer]);
        }
        return [.. parts, drawing.AsMemory(drawing.Length - end)];
    }

    private static List<ReadOnlyMemory<byte>> Jpeg(byte[] drawing, long target, byte[] fingerprint)
    {
        // After the start marker and the APP0 segment, which JFIF wants first.
        const int overhead = 4;
        var start = 4 + BinaryPrimitives.ReadUInt16BigEndian(drawing.AsSpan(4));
        var parts = new List<ReadOnlyMemory<byte>> { drawing.AsMemory(0, start) };
        foreach (var content in Contents(target - drawing.Length, overhead, 65_533, fingerprint))
        {
            var header = new byte[] { 0xFF, 0xFE, 0, 0 };
            BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(2), (ushort)(Length(content) + 2));
            parts.AddRange([header, .. content]);
        }
        return [.. parts, drawing.AsMemory(start)];
    }

    private static List<ReadOnlyMemory<byte>> Webp(byte[] drawing, long target, byte[] fingerprint)
    {
        // Unknown chunks are legal in the extended layout only, which a VP8X chunk of 18 bytes announces.
        const int overhead = 8, announcement = 18, riff = 12;
        var header = new byte[riff + announcement];
        drawing.AsSpan(0, riff).CopyTo(header);
        "VP8X"u8.CopyTo(header.AsSpan(riff));
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(riff + 4), 10);
        var (width, height) = WebpDimensions(drawing);
        WriteUInt24(header.AsSpan(riff + 12), width - 1);
        WriteUInt24(header.AsSpan(riff + 15), height - 1);

        var parts = new List<ReadOnlyMemory<byte>> { header, drawing.AsMemory(riff) };
        foreach (var content in Contents(target - drawing.Length - announcement, overhead, Noise.Length, fingerprint))
        {
            var length = Length(content);
            var chunk = new byte[8];
            "PADD"u8.CopyTo(chunk);
            BinaryPrimitives.WriteInt32LittleEndian(chunk.AsSpan(4), length);
            parts.AddRange([chunk, .. content]);
            if (length % 2 == 1)
                parts.Add(new byte[1]);
        }
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(4), (int)parts.Sum(part => (long)part.Length) - 8);
        return parts;
    }

    /// <summary>The contents of as many blocks as fill the missing bytes; one with the fingerprint alone if nothing is missing.</summary>
    private static IEnumerable<List<ReadOnlyMemory<byte>>> Contents(long missing, int overhead, int greatest, byte[] fingerprint)
    {
        var blocks = Math.Max(1, (missing + greatest + overhead - 1) / (greatest + overhead));
        var total = Math.Max(FingerprintLength, missing - blocks * overhead);
        for (long block = 0; block < blocks; block++)
        {
            var length = (int)(total / blocks + (block < total % blocks ? 1 : 0));
            yield return block == 0
                ? [fingerprint, Noise.AsMemory(0, length - FingerprintLength)]
                : [Noise.AsMemory(0, length)];
        }
    }

    private static int Length(List<ReadOnlyMemory<byte>> content) => content.Sum(part => part.Length);

    private static (int Width, int Height) WebpDimensions(byte[] drawing)
    {
        // A lossy frame: its own header gives 14 bits each, 26 and 28 bytes in.
        var frame = drawing.AsSpan(26);
        return (BinaryPrimitives.ReadUInt16LittleEndian(frame) & 0x3FFF, BinaryPrimitives.ReadUInt16LittleEndian(frame[2..]) & 0x3FFF);
    }

    private static void WriteUInt24(Span<byte> target, int value)
    {
        target[0] = (byte)value;
        target[1] = (byte)(value >> 8);
        target[2] = (byte)(value >> 16);
    }

    private static byte[] CreateNoise(int length)
    {
        var noise = new byte[length];
        new Random(1).NextBytes(noise);
        return noise;
    }
}
