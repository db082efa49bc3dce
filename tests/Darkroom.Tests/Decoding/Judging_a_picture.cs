using Darkroom.Worker.Decoding;
using SkiaSharp;
using Xunit;

namespace Darkroom.Tests.Decoding;

public sealed class Judging_a_picture
{
    private static readonly Dictionary<string, byte[]> Samples = new()
    {
        ["png"] = SamplePictures.Png(300, 200),
        ["jpeg"] = SamplePictures.Jpeg(300, 200),
        ["jpeg with a long profile"] = SamplePictures.Jpeg(300, 200, profile: 65_000),
        ["lossy webp"] = SamplePictures.WebP(300, 200),
        ["lossless webp"] = SamplePictures.LosslessWebP(300, 200),
        ["extended webp"] = SamplePictures.ExtendedWebP(300, 200),
        ["skia png"] = SamplePictures.Encoded(SKEncodedImageFormat.Png, 300, 200, 100),
        ["skia jpeg"] = SamplePictures.Encoded(SKEncodedImageFormat.Jpeg, 300, 200, 80),
        ["skia lossy webp"] = SamplePictures.Encoded(SKEncodedImageFormat.Webp, 300, 200, 80),
        ["skia lossless webp"] = SamplePictures.Encoded(SKEncodedImageFormat.Webp, 300, 200, 100),
    };

    public static TheoryData<string> Names => [.. Samples.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Takes_format_and_size_from_its_bytes_and_not_from_the_field(string name)
    {
        byte[] picture = Samples[name];
        foreach (int slice in new[] { 1, 5, 100, 1 << 20 })
        {
            DecodedBody body = await DecodedBody.FromAsync($$"""{"output_format":"tiff","data":[{"b64_json":"{{Convert.ToBase64String(picture)}}"}]}""", slice);
            body.HasPicture(0, picture);
            DecodedPicture decoded = body.Result.Pictures[0];
            Assert.Equal((300, 200), (decoded.Width, decoded.Height));
            Assert.Contains(decoded.Format!.Name, name, StringComparison.Ordinal);
            Assert.Equal("tiff", body.Result.OutputFormat);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Refuses_it_without_its_end(string name)
    {
        byte[] picture = Samples[name];
        int step = picture.Length > 2000 ? 997 : 1;
        for (int length = 1; length < picture.Length; length += step)
        {
            DecodedPicture cut = await DecodeAsync(picture[..length]);
            Assert.True(
                cut.Fault is PictureFault.BadEnd || (length < 200 && cut.Fault is PictureFault.UnknownFormat or PictureFault.BadDimensions)
                    || (name.Contains("profile") && cut.Fault is PictureFault.BadDimensions),
                $"{cut.Fault} at {length}");
            Assert.Empty(cut.Sha256);
        }

        Assert.Equal(PictureFault.BadEnd, (await DecodeAsync(picture[..^1])).Fault);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Refuses_it_with_bytes_behind_its_end(string name)
    {
        Assert.Equal(PictureFault.BadEnd, (await DecodeAsync([.. Samples[name], 0, 0])).Fault);
    }

    [Fact]
    public async Task Takes_a_webp_of_odd_length_with_its_padding_byte_counted_or_not()
    {
        byte[] odd = SamplePictures.WebP(noise: 41);
        Assert.Equal(1, odd.Length % 2);
        Assert.Null((await DecodeAsync(odd)).Fault);
        Assert.Null((await DecodeAsync([.. odd, 0])).Fault);
        Assert.Equal(PictureFault.BadEnd, (await DecodeAsync([.. odd, 0, 0])).Fault);
    }

    [Theory]
    [InlineData(0, 5)]
    [InlineData(5, 0)]
    public async Task Refuses_it_without_a_size(int width, int height)
    {
        Assert.Equal(PictureFault.BadDimensions, (await DecodeAsync(SamplePictures.Png(width, height))).Fault);
        Assert.Equal(PictureFault.BadDimensions, (await DecodeAsync(SamplePictures.Jpeg(width, height))).Fault);
        Assert.Equal(PictureFault.BadDimensions, (await DecodeAsync(SamplePictures.WebP(width, height))).Fault);
    }

    [Fact]
    public async Task Refuses_a_png_whose_size_is_negative() =>
        Assert.Equal(PictureFault.BadDimensions, (await DecodeAsync(SamplePictures.Png(-1, 5))).Fault);

    [Fact]
    public async Task Takes_the_largest_sizes_each_format_has()
    {
        Assert.Equal((int.MaxValue, int.MaxValue), Size(await DecodeAsync(SamplePictures.Png(int.MaxValue, int.MaxValue))));
        Assert.Equal((65535, 65535), Size(await DecodeAsync(SamplePictures.Jpeg(65535, 65535))));
        Assert.Equal((16383, 16383), Size(await DecodeAsync(SamplePictures.WebP(16383, 16383))));
        Assert.Equal((16384, 16384), Size(await DecodeAsync(SamplePictures.LosslessWebP(16384, 16384))));
        Assert.Equal((1 << 24, 1 << 24), Size(await DecodeAsync(SamplePictures.ExtendedWebP(1 << 24, 1 << 24))));

        static (int, int) Size(DecodedPicture picture) => (picture.Width, picture.Height);
    }

    [Fact]
    public async Task Refuses_what_is_no_picture_and_writes_none_of_it()
    {
        DecodedBody body = await DecodedBody.FromAsync($$"""{"data":[{"b64_json":"{{Convert.ToBase64String("GIF89a, or a page of HTML"u8)}}"}]}""");
        Assert.Equal(PictureFault.UnknownFormat, body.Result.Pictures[0].Fault);
        Assert.Equal(0, body.Result.Pictures[0].Bytes);
        Assert.Empty(body.Sinks);
    }

    [Fact]
    public async Task One_bad_picture_spoils_no_other()
    {
        byte[] good = SamplePictures.Png();
        DecodedBody body = await DecodedBody.FromAsync(
            $$"""
            {"data":[{"b64_json":"AAAA!"},{"b64_json":"{{Convert.ToBase64String(good[..^1])}}"},{"b64_json":"{{Convert.ToBase64String(good)}}"},{},{"b64_json":"{{Convert.ToBase64String(good)}}"}]}
            """);
        Assert.Equal([PictureFault.BadBase64, PictureFault.BadEnd, null, PictureFault.Missing, null], body.Result.Pictures.Select(p => p.Fault));
        body.HasPicture(2, good);
        body.HasPicture(4, good);
    }

    private static async Task<DecodedPicture> DecodeAsync(byte[] picture) =>
        (await DecodedBody.FromAsync($$"""{"data":[{"b64_json":"{{Convert.ToBase64String(picture)}}"}]}""", 300)).Result.Pictures[0];
}
