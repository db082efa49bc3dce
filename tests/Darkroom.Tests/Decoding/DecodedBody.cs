using System.IO.Hashing;
using System.Security.Cryptography;
using System.Text;
using Darkroom.Worker.Decoding;
using Xunit;

namespace Darkroom.Tests.Decoding;

/// <summary>What the decoder made of a body, and what reached the sinks.</summary>
internal sealed record DecodedBody(Decoded Result, IReadOnlyDictionary<int, byte[]> Sinks)
{
    public static async Task<DecodedBody> FromAsync(Stream body, DecodingOptions? options = null, CancellationToken? cancellation = null)
    {
        Dictionary<int, MemoryStream> sinks = [];
        Decoded result = await new ResponseDecoder(options ?? new()).DecodeAsync(
            body, index => sinks[index] = new MemoryStream(), null, cancellation ?? TestContext.Current.CancellationToken);
        foreach (MemoryStream sink in sinks.Values) Assert.False(sink.CanWrite, "A sink was left open.");
        return new(result, sinks.ToDictionary(s => s.Key, s => s.Value.ToArray()));
    }

    public static Task<DecodedBody> FromAsync(byte[] body, params int[] slices) => FromAsync(new SlicedStream(body, slices));

    public static Task<DecodedBody> FromAsync(string body, params int[] slices) => FromAsync(Encoding.UTF8.GetBytes(body), slices);

    /// <summary>The picture at this place is good, and its sink, digests and length are those of <paramref name="picture"/>.</summary>
    public void HasPicture(int index, ReadOnlySpan<byte> picture)
    {
        DecodedPicture decoded = Result.Pictures[index];
        Assert.Null(decoded.Fault);
        Assert.Equal(index, decoded.Index);
        Assert.Equal(picture, Sinks[index]);
        Assert.Equal(picture.Length, decoded.Bytes);
        Assert.Equal(SHA256.HashData(picture), decoded.Sha256);
        Assert.Equal(Crc32.HashToUInt32(picture), decoded.Crc32);
    }

    /// <summary>Everything a caller can see, as text, so that two results compare.</summary>
    public string Describe()
    {
        StringBuilder text = new();
        text.Append(Result.Fault?.Kind).Append('|').Append(Result.Created).Append('|').Append(Result.OutputFormat).Append('|').Append(Result.Quality)
            .Append('|').Append(Result.Size).Append('|').Append(Result.UsageJson).Append('|').Append(Result.ErrorJson);
        foreach (DecodedPicture p in Result.Pictures)
        {
            text.Append($"\n{p.Index} {p.Fault} {p.Format?.Name} {p.Bytes} {Convert.ToHexString(p.Sha256)} {p.Crc32} {p.Width}x{p.Height} ");
            if (p.Fault is null) text.Append(Convert.ToHexString(Sinks[p.Index]));
        }

        return text.ToString();
    }
}
