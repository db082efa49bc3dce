using System.Text;
using Darkroom.Worker.Decoding;
using Xunit;

namespace Darkroom.Tests.Decoding;

public sealed class Decoding_a_response
{
    private const string Usage = """{ "input_tokens": 9, "input_tokens_details": {"image_tokens":0,"text_tokens":9}, "output_tokens": 272, "total_tokens": 281 }""";

    [Fact]
    public async Task Gives_the_pictures_and_the_fields_around_them()
    {
        byte[] png = SamplePictures.Png(1024, 1536), jpeg = SamplePictures.Jpeg(640, 480);
        DecodedBody body = await DecodedBody.FromAsync(
            $$"""
            {"created": 1764000000, "background": "opaque", "data": [{"b64_json":"{{Convert.ToBase64String(png)}}"}, {"revised_prompt":"x","b64_json":"{{Convert.ToBase64String(jpeg)}}"}],
             "output_format": "png", "quality":"low", "size":"1024x1536", "usage": {{Usage}} }
            """);

        Assert.Null(body.Result.Fault);
        Assert.Equal(
            (1764000000L, "png", "low", "1024x1536", Usage, null),
            (body.Result.Created, body.Result.OutputFormat, body.Result.Quality, body.Result.Size, body.Result.UsageJson, body.Result.ErrorJson));
        Assert.Equal(2, body.Result.Pictures.Count);
        body.HasPicture(0, png);
        body.HasPicture(1, jpeg);
        Assert.Equal((PictureFormat.Png, 1024, 1536), (body.Result.Pictures[0].Format, body.Result.Pictures[0].Width, body.Result.Pictures[0].Height));
        Assert.Equal((PictureFormat.Jpeg, 640, 480), (body.Result.Pictures[1].Format, body.Result.Pictures[1].Width, body.Result.Pictures[1].Height));
    }

    [Fact]
    public async Task Is_the_same_wherever_the_body_is_split()
    {
        byte[] body = Encoding.UTF8.GetBytes(
            "\uFEFF" + $$"""
            {"é€😀\ud83d\ude00": [1.5e-3, true, null, -0, "\"\\\u00e9"], "data":[{"b64_json":"{{Convert.ToBase64String(SamplePictures.Png()).Replace("/", "\\/").Replace("A", "\\u0041")}}"}
            , {"b64_json":"{{Convert.ToBase64String(SamplePictures.WebP())}}","url":"u"},{"url":"u"}, 7], "usage" : {"a":"é"} ,"created":12, "size":"\u0061uto"}
            """);
        DecodedBody whole = await DecodedBody.FromAsync(body);
        Assert.Null(whole.Result.Fault);
        whole.HasPicture(0, SamplePictures.Png());
        whole.HasPicture(1, SamplePictures.WebP());
        Assert.Equal([null, null, PictureFault.UrlOnly, PictureFault.Missing], whole.Result.Pictures.Select(p => p.Fault));
        Assert.Equal((12, "auto", """{"a":"é"}"""), (whole.Result.Created, whole.Result.Size, whole.Result.UsageJson));

        string expected = whole.Describe();
        for (int split = 1; split < body.Length; split++)
        {
            Assert.Equal(expected, (await DecodedBody.FromAsync(body, split, body.Length)).Describe());
        }

        Assert.Equal(expected, (await DecodedBody.FromAsync(body, 1)).Describe());
        Assert.Equal(expected, (await DecodedBody.FromAsync(body, 2)).Describe());
        Assert.Equal(expected, (await DecodedBody.FromAsync(body, 3)).Describe());
    }

    [Fact]
    public async Task Cut_anywhere_is_a_truncated_body_and_keeps_what_came()
    {
        string text = $$"""{"usage":{"total_tokens":5},"data":[{"b64_json":"{{Convert.ToBase64String(SamplePictures.Png())}}"}],"n":[{}]}""";
        byte[] body = Encoding.UTF8.GetBytes(text);
        int usageEnds = text.IndexOf("},", StringComparison.Ordinal) + 1;
        int pictureBegins = text.IndexOf("[{", StringComparison.Ordinal) + 2;
        int pictureEnds = text.IndexOf("\"}]", StringComparison.Ordinal) + 1;
        for (int length = 0; length < body.Length; length++)
        {
            DecodedBody cut = await DecodedBody.FromAsync(body[..length], 7);
            Assert.Equal(DecodeFaultKind.Truncated, cut.Result.Fault?.Kind);
            Assert.Equal(length >= usageEnds ? """{"total_tokens":5}""" : null, cut.Result.UsageJson);
            if (length >= pictureEnds) cut.HasPicture(0, SamplePictures.Png());
            else if (length >= pictureBegins) Assert.Equal(PictureFault.Cut, Assert.Single(cut.Result.Pictures).Fault);
            else Assert.Empty(cut.Result.Pictures);
        }
    }
}
