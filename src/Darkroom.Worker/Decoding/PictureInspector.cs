using System.Buffers.Binary;

namespace Darkroom.Worker.Decoding;

/// <summary>Judges one picture by its first bytes, last bytes and length as they pass; pixels are never decoded.</summary>
internal sealed class PictureInspector
{
    private readonly byte[] _head = new byte[32];
    private readonly byte[] _tail = new byte[12];
    private readonly JpegFrame _jpeg = new();
    private int _headLength;
    private int _tailLength;

    /// <summary>Known from the 12th byte on; null before, and when it is none of ours.</summary>
    public PictureFormat? Format { get; private set; }

    public long Length { get; private set; }

    /// <summary>Whether the format is known or the bytes are still too few to tell.</summary>
    public bool MayBePicture => Format is not null || Length < 12;

    public int Width { get; private set; }

    public int Height { get; private set; }

    private static ReadOnlySpan<byte> PngStart => [0x89, (byte)'P', (byte)'N', (byte)'G', (byte)'\r', (byte)'\n', 0x1A, (byte)'\n'];

    /// <summary>An empty IEND chunk with its CRC.</summary>
    private static ReadOnlySpan<byte> PngEnd => [0, 0, 0, 0, (byte)'I', (byte)'E', (byte)'N', (byte)'D', 0xAE, 0x42, 0x60, 0x82];

    public void See(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> first = bytes[..Math.Min(bytes.Length, _head.Length - _headLength)];
        first.CopyTo(_head.AsSpan(_headLength));
        _headLength += first.Length;
        Length += bytes.Length;
        if (Format is null && _headLength >= 12) Format = FormatOf(_head);
        _jpeg.See(bytes);
        KeepTail(bytes);
    }

    /// <summary>The verdict, once the last byte was seen.</summary>
    public PictureFault? Judge()
    {
        if (Format is null) return PictureFault.UnknownFormat;
        (Width, Height) = Format == PictureFormat.Png ? PngSize() : Format == PictureFormat.WebP ? WebPSize() : (_jpeg.Width, _jpeg.Height);
        if (Width <= 0 || Height <= 0) return PictureFault.BadDimensions;
        ReadOnlySpan<byte> tail = _tail.AsSpan(0, _tailLength);
        bool ended = Format == PictureFormat.Png ? tail.SequenceEqual(PngEnd)
            : Format == PictureFormat.WebP ? RiffEnds()
            : tail.EndsWith<byte>([0xFF, 0xD9]);
        return ended ? null : PictureFault.BadEnd;
    }

    private static PictureFormat? FormatOf(ReadOnlySpan<byte> head) =>
        head.StartsWith(PngStart) ? PictureFormat.Png
        : head.StartsWith("RIFF"u8) && head[8..].StartsWith("WEBP"u8) ? PictureFormat.WebP
        : head.StartsWith<byte>([0xFF, 0xD8, 0xFF]) ? PictureFormat.Jpeg
        : null;

    private void KeepTail(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > _tail.Length) bytes = bytes[^_tail.Length..];
        int kept = Math.Min(_tailLength, _tail.Length - bytes.Length);
        _tail.AsSpan(_tailLength - kept, kept).CopyTo(_tail);
        bytes.CopyTo(_tail.AsSpan(kept));
        _tailLength = kept + bytes.Length;
    }

    private (int Width, int Height) PngSize()
    {
        bool headerFirst = _head.AsSpan(8, 8).SequenceEqual<byte>([0, 0, 0, 13, (byte)'I', (byte)'H', (byte)'D', (byte)'R']);
        return _headLength < 24 || !headerFirst
            ? default
            : (BinaryPrimitives.ReadInt32BigEndian(_head.AsSpan(16)), BinaryPrimitives.ReadInt32BigEndian(_head.AsSpan(20)));
    }

    /// <summary>RFC 9649: the first chunk is lossy, lossless or extended, and each has its own form of the size.</summary>
    private (int Width, int Height) WebPSize()
    {
        if (_headLength < 30) return default;
        ReadOnlySpan<byte> chunk = _head.AsSpan(12, 4);
        ReadOnlySpan<byte> data = _head.AsSpan(20);
        if (chunk.SequenceEqual("VP8X"u8)) return (1 + UInt24(data[4..]), 1 + UInt24(data[7..]));
        if (chunk.SequenceEqual("VP8 "u8) && data[3..].StartsWith<byte>([0x9D, 0x01, 0x2A]))
        {
            return (BinaryPrimitives.ReadUInt16LittleEndian(data[6..]) & 0x3FFF, BinaryPrimitives.ReadUInt16LittleEndian(data[8..]) & 0x3FFF);
        }

        if (!chunk.SequenceEqual("VP8L"u8) || data[0] != 0x2F) return default;
        uint bits = BinaryPrimitives.ReadUInt32LittleEndian(data[1..]);
        return (1 + (int)(bits & 0x3FFF), 1 + (int)((bits >> 14) & 0x3FFF));
    }

    private static int UInt24(ReadOnlySpan<byte> bytes) => bytes[0] | (bytes[1] << 8) | (bytes[2] << 16);

    /// <summary>The size in the header counts what follows it; an odd one is padded by a byte that it may or may not count.</summary>
    private bool RiffEnds()
    {
        uint size = BinaryPrimitives.ReadUInt32LittleEndian(_head.AsSpan(4));
        return Length == 8L + size || Length == 8L + size + (size & 1);
    }
}
