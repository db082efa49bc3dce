using System.Buffers.Binary;
using System.IO.Hashing;
using System.Security.Cryptography;
using System.Text;

namespace Darkroom.Benchmarks.Decoding;

/// <summary>An endpoint's answer with one picture: a PNG in structure, 2 MB of noise in content, as a PNG's data is to any reader.</summary>
internal static class SampleResponse
{
    public const int PictureBytes = 2_000_000;

    public static byte[] Picture { get; } = MakePicture();

    public static string Sha256 { get; } = Convert.ToHexString(SHA256.HashData(Picture));

    public static byte[] MakeBody() => Encoding.ASCII.GetBytes(
        $$$"""
        {"created":1764000000,"background":"opaque","data":[{"b64_json":"{{{Convert.ToBase64String(Picture)}}}"}],"output_format":"png","quality":"high","size":"1024x1024",
        "usage":{"input_tokens":9,"input_tokens_details":{"image_tokens":0,"text_tokens":9},"output_tokens":4160,"total_tokens":4169}}
        """);

    private static byte[] MakePicture()
    {
        byte[] noise = new byte[PictureBytes - 57];
        new Random(1).NextBytes(noise);
        return
        [
            0x89, .. "PNG\r\n"u8, 0x1A, (byte)'\n',
            .. Chunk("IHDR"u8, [0, 0, 4, 0, 0, 0, 4, 0, 8, 2, 0, 0, 0]), .. Chunk("IDAT"u8, noise), .. Chunk("IEND"u8, []),
        ];
    }

    private static byte[] Chunk(ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        byte[] length = new byte[4], check = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, data.Length);
        BinaryPrimitives.WriteUInt32BigEndian(check, Crc32.HashToUInt32([.. type, .. data]));
        return [.. length, .. type, .. data, .. check];
    }
}
