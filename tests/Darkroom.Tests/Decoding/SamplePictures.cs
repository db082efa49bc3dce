using System.Buffers.Binary;
using System.IO.Hashing;
using SkiaSharp;

namespace Darkroom.Tests.Decoding;

/// <summary>Pictures with a true structure: the small ones are written by hand, with noise for pixels; the encoded ones are Skia's.</summary>
internal static class SamplePictures
{
    public static byte[] Png(int width = 3, int height = 2, int noise = 40, int seed = 1)
    {
        byte[] header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (8, 2);
        return [0x89, .. "PNG\r\n"u8, 0x1A, (byte)'\n', .. PngChunk("IHDR"u8, header), .. PngChunk("IDAT"u8, Noise(noise, seed)), .. PngChunk("IEND"u8, [])];
    }

    public static byte[] Jpeg(int width = 3, int height = 2, int profile = 50, int noise = 40) =>
    [
        0xFF, 0xD8, 0xFF, 0xE0, .. UInt16(profile + 2), .. Noise(profile, 2), 0xFF, 0xFF, 0xC4, .. UInt16(6), 1, 2, 3, 4,
        0xFF, 0xC2, .. UInt16(11), 8, .. UInt16(height), .. UInt16(width), 1, 1, 0x11, 0, 0xFF, 0xDA, .. UInt16(2), .. Noise(noise, 3), 0xFF, 0xD9,
    ];

    public static byte[] WebP(int width = 3, int height = 2, int noise = 40) =>
        Riff([.. "VP8 "u8, .. Little32(10 + noise), 0, 0, 0, 0x9D, 0x01, 0x2A, .. Little16(width), .. Little16(height), .. Noise(noise, 4)]);

    public static byte[] LosslessWebP(int width = 3, int height = 2, int noise = 40) =>
        Riff([.. "VP8L"u8, .. Little32(5 + noise), 0x2F, .. Little32((width - 1) | ((height - 1) << 14)), .. Noise(noise, 5)]);

    public static byte[] ExtendedWebP(int width = 3, int height = 2, int noise = 40) =>
        Riff([.. "VP8X"u8, .. Little32(10), 0, 0, 0, 0, .. Little32(width - 1)[..3], .. Little32(height - 1)[..3], .. Noise(noise, 6)]);

    public static byte[] Encoded(SKEncodedImageFormat format, int width, int height, int quality)
    {
        using SKBitmap bitmap = new(width, height);
        using (SKCanvas canvas = new(bitmap))
        {
            canvas.Clear(SKColors.CornflowerBlue);
        }

        using SKData data = bitmap.Encode(format, quality);
        return data.ToArray();
    }

    public static byte[] Noise(int length, int seed)
    {
        byte[] noise = new byte[length];
        new Random(seed).NextBytes(noise);
        return noise;
    }

    private static byte[] PngChunk(ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        byte[] length = new byte[4], check = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, data.Length);
        BinaryPrimitives.WriteUInt32BigEndian(check, Crc32.HashToUInt32([.. type, .. data]));
        return [.. length, .. type, .. data, .. check];
    }

    private static byte[] Riff(byte[] chunks) => [.. "RIFF"u8, .. Little32(chunks.Length + 4), .. "WEBP"u8, .. chunks];

    private static byte[] UInt16(int value) => [(byte)(value >> 8), (byte)value];

    private static byte[] Little16(int value) => [(byte)value, (byte)(value >> 8)];

    private static byte[] Little32(int value) => [.. Little16(value), .. Little16(value >> 16)];
}
