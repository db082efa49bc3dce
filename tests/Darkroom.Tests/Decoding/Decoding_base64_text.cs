using System.Text;
using Darkroom.Worker.Decoding;
using Xunit;

namespace Darkroom.Tests.Decoding;

public sealed class Decoding_base64_text
{
    [Fact]
    public async Task Takes_every_legal_spelling()
    {
        Random random = new(3);
        for (int i = 0; i < 1000; i++)
        {
            byte[] picture = SamplePictures.Png(noise: random.Next(0, 200), seed: i);
            string text = Spell(Convert.ToBase64String(picture), random);
            DecodedBody body = await DecodedBody.FromAsync($$"""{"data":[{"b64_json":"{{text}}"}]}""", random.Next(1, 300));
            body.HasPicture(0, picture);
        }
    }

    [Fact]
    public async Task Takes_pictures_of_every_length_around_the_buffers()
    {
        foreach (int around in new[] { 0, ResponseDecoder.ReadBytes * 3 / 4, ResponseDecoder.ReadBytes, 3 * ResponseDecoder.ReadBytes })
        {
            for (int noise = Math.Max(0, around - 90); noise < around + 12; noise++)
            {
                byte[] picture = SamplePictures.Png(noise: noise);
                DecodedBody body = await DecodedBody.FromAsync($$"""{"data":[{"b64_json":"{{Convert.ToBase64String(picture)}}"}]}""", 1 << 20);
                body.HasPicture(0, picture);
            }
        }
    }

    [Theory]
    [InlineData("A")]
    [InlineData("AA")]
    [InlineData("AAA")]
    [InlineData("AAAAA")]
    [InlineData("AA=")]
    [InlineData("A===")]
    [InlineData("====")]
    [InlineData("=")]
    [InlineData("AAAA=")]
    [InlineData("AAA==")]
    [InlineData("AA==AAAA")]
    [InlineData("AAA=A")]
    [InlineData("AA=A")]
    [InlineData("AA==A")]
    [InlineData("AA== =")]
    [InlineData("AAAA====")]
    [InlineData("AAA-")]
    [InlineData("AAA_")]
    [InlineData("AA.A")]
    [InlineData("AAAAé")]
    [InlineData("\\u00e9AAA")]
    [InlineData("AAA\\u0141")]
    [InlineData("AAA\\ud83d\\ude00")]
    [InlineData("AAA\\u0000")]
    [InlineData("AAA\\\\")]
    [InlineData("data:image/png;base64,AAAA")]
    public async Task Refuses_what_is_no_base64(string tail)
    {
        // Whole quanta of a true picture in front, so that the format is known and the text alone can be at fault.
        string start = Convert.ToBase64String(SamplePictures.Png(noise: 41))[..60];
        byte[] body = Encoding.UTF8.GetBytes($$"""{"data":[{"b64_json":"{{start}}{{tail}}"}],"usage":{} }""");
        for (int slice = 1; slice < 90; slice++)
        {
            DecodedBody decoded = await DecodedBody.FromAsync(body, slice);
            Assert.Equal(PictureFault.BadBase64, Assert.Single(decoded.Result.Pictures).Fault);
            Assert.Null(decoded.Result.Fault);
            Assert.Equal("{}", decoded.Result.UsageJson);
        }
    }

    [Fact]
    public async Task Takes_the_bits_that_padding_leaves_over_for_nothing()
    {
        byte[] picture = SamplePictures.Png(noise: 40);
        string text = Convert.ToBase64String(picture);
        Assert.EndsWith("gg==", text, StringComparison.Ordinal);
        DecodedBody body = await DecodedBody.FromAsync($$"""{"data":[{"b64_json":"{{text[..^3]}}v=="}]}""");
        body.HasPicture(0, picture);
    }

    private static string Spell(string base64, Random random)
    {
        StringBuilder text = new();
        int escapes = random.Next(1, 40);
        foreach (char c in base64)
        {
            text.Append(random.Next(escapes) switch
            {
                0 => $"\\u{(int)c:x4}",
                1 => $"\\u{(int)c:X4}",
                2 => (c == '/' ? "\\" : "") + c + (random.Next(4) == 0 ? "\\r\\n" : ""),
                3 => " " + c,
                _ => c.ToString(),
            });
        }

        return text.ToString();
    }
}
