using System.Text;
using Darkroom.Worker.Decoding;
using Xunit;

namespace Darkroom.Tests.Decoding;

public sealed class Decoding_any_bytes
{
    private static readonly byte[][] Bodies =
    [
        Encoding.UTF8.GetBytes(
            $$"""
            {"created":1764000000,"data":[{"b64_json":"{{Convert.ToBase64String(SamplePictures.Png(noise: 20))}}"},{"b64_json":"{{Convert.ToBase64String(SamplePictures.Jpeg(profile: 5, noise: 9)).Replace("/", "\\/")}}","url":"u"},
            {"b64_json":"{{Convert.ToBase64String(SamplePictures.WebP(noise: 8))}}"},{"url":"u"}],"usage":{"total_tokens":5,"x":[1.5,"é\u00e9"]},"size":"auto"}
            """),
        Encoding.UTF8.GetBytes(
            $$"""{ "usage" : {"a":null}, "data" : [ null, {"b64_json" : "{{Convert.ToBase64String(SamplePictures.LosslessWebP(noise: 5))}}" }, {"b64_json":""}, {"a":[{"b64_json":"x"}]} ], "error":{"code":"c"} }"""),
    ];

    /// <summary>What tells one JSON from another: swapped in, it leaves more bodies nearly right than bytes at random do.</summary>
    private static readonly byte[] Telling = "\"\\/{}[]:,0-.eE+=tfnu \n\0A\u007f"u8.ToArray();

    [Fact]
    public async Task Mutated_is_read_as_the_oracle_reads_it()
    {
        Random random = new(20261123);
        int good = 0;
        for (int i = 0; i < 10_000; i++)
        {
            byte[] body = Mutate([.. Bodies[i % Bodies.Length]], random);
            await Oracle.AgreesAsync(body, random.Next(1, 200));
            if ((await DecodedBody.FromAsync(body)).Result.Fault is null) good++;
        }

        // Otherwise the mutations are too coarse, or nothing is refused, and the test shows little.
        Assert.InRange(good, 1000, 9000);
    }

    [Fact]
    public async Task Random_is_a_typed_fault()
    {
        Random random = new(7);
        for (int i = 0; i < 2000; i++)
        {
            byte[] body = new byte[random.Next(0, 300)];
            random.NextBytes(body);
            Decoded decoded = (await DecodedBody.FromAsync(body, random.Next(1, 50))).Result;
            Assert.True(decoded.Fault?.Kind is DecodeFaultKind.NotJson or DecodeFaultKind.Truncated, $"{decoded.Fault}");
        }
    }

    private static byte[] Mutate(byte[] body, Random random)
    {
        int mutations = random.Next(1, 4);
        for (int i = 0; i < mutations; i++)
        {
            int at = random.Next(body.Length);
            byte other = random.Next(2) == 0 ? Telling[random.Next(Telling.Length)] : (byte)random.Next(256);
            body = random.Next(6) switch
            {
                0 => [.. body[..at], .. body[(at + 1)..]],
                1 => [.. body[..at], other, .. body[at..]],
                2 => [.. body[..at], .. body[Math.Min(body.Length, at + random.Next(40))..]],
                3 => [.. body[..at], .. body[random.Next(body.Length)..], .. body[at..]],
                _ => [.. body[..at], other, .. body[(at + 1)..]],
            };
            if (body.Length == 0) return [(byte)'{'];
        }

        return body;
    }
}
