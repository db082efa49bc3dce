using System.Text;
using Darkroom.Worker.Decoding;
using Xunit;

namespace Darkroom.Tests.Decoding;

public sealed class Decoding_within_bounds
{
    private const int Megabyte = 1 << 20;

    public static TheoryData<string, string, string> Huge => new()
    {
        { "{\"x\":\"", "some text that goes on and on, \\u00e9 \\/ é ", "\",\"usage\":{}}" },
        { "{\"", "a name that goes on and on ", "\":1,\"usage\":{}}" },
        { "{\"x\":", "1234567890", ",\"usage\":{}}" },
        { "{\"x\":1", " \r\n\t           ", ",\"usage\":{}}" },
        { "{\"x\":[", "{\"b64_json\":[true,\"AAAA\"]},", "0],\"usage\":{}}" },
        { "{\"data\":[{\"url\":\"", "https://", "\"}],\"usage\":{}}" },
        { "{\"data\":[", "{},[0],", "0],\"usage\":{}}" },
        { "{\"data\":[{", "\"b64_json\":\"AAAA\",", "\"url\":1}],\"usage\":{}}" },
        { "{\"error\":[", "\"an error that goes on and on\",", "0],\"usage\":{}}" },
        { "{\"size\":\"", "auto", "\",\"usage\":{}}" },
        { "{", "\"data\":[{\"b64_json\":\"\"}],\"size\":\"auto\",", "\"usage\":{}}" },
        { "{\"data\":[{\"b64_json\":\"", " \\n", "\"}],\"usage\":{}}" },
    };

    [Theory]
    [MemberData(nameof(Huge))]
    public async Task Any_value_of_any_length_is_read_in_constant_memory(string start, string block, string end)
    {
        byte[] blocks = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(block, 1000)));
        RepeatingStream body = new(Encoding.UTF8.GetBytes(start), blocks, 8 * Megabyte / blocks.Length, Encoding.UTF8.GetBytes(end));
        (Decoded decoded, long allocated) = await MeasureAsync(body, new());
        Assert.Null(decoded.Fault);
        Assert.Equal("{}", decoded.UsageJson);
        Assert.Equal(body.Length, decoded.BodyBytes);
        Assert.InRange(allocated, 0, 300_000);
    }

    [Fact]
    public async Task A_picture_of_any_size_is_decoded_in_constant_memory()
    {
        byte[] picture = SamplePictures.Png(noise: 3 * 1000 - 1);
        string text = Convert.ToBase64String(picture);
        string block = Convert.ToBase64String(new byte[3 * 10_000]);
        RepeatingStream body = new(
            Encoding.UTF8.GetBytes("{\"data\":[{\"b64_json\":\"" + text[..2000]), Encoding.UTF8.GetBytes(block), 1000, Encoding.UTF8.GetBytes(text[2000..] + "\"}]}"));
        (Decoded decoded, long allocated) = await MeasureAsync(body, new());
        Assert.Null(decoded.Fault);
        Assert.Null(Assert.Single(decoded.Pictures).Fault);
        Assert.Equal(picture.Length + 30_000_000, decoded.Pictures[0].Bytes);
        Assert.InRange(allocated, 0, 300_000);
    }

    [Theory]
    [InlineData("{\"x\":\"")]
    [InlineData("{\"data\":[{\"b64_json\":\"")]
    [InlineData("")]
    public async Task An_endless_body_ends_at_the_limit(string start)
    {
        DecodingOptions options = new() { MaxBodyBytes = 2 * Megabyte };
        RepeatingStream body = new(Encoding.UTF8.GetBytes(start), Encoding.UTF8.GetBytes(start.Length == 0 ? "    " : "AAAA"), long.MaxValue / 8, []);
        (Decoded decoded, _) = await MeasureAsync(body, options);
        Assert.Equal(DecodeFaultKind.TooLarge, decoded.Fault?.Kind);
        Assert.InRange(body.Position, options.MaxBodyBytes, options.MaxBodyBytes + ResponseDecoder.ReadBytes);
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    public async Task The_body_limit_is_exact(int over, bool refused)
    {
        DecodingOptions options = new() { MaxBodyBytes = 5000 };
        string body = "{\"usage\":{},\"x\":\"".PadRight(4998 + over, 'x') + "\"}";
        Assert.Equal(refused ? DecodeFaultKind.TooLarge : null, (await DecodedBody.FromAsync(new SlicedStream(Encoding.UTF8.GetBytes(body), 700), options)).Result.Fault?.Kind);
    }

    [Fact]
    public async Task A_body_over_the_limit_keeps_what_came_before_it()
    {
        string picture = Convert.ToBase64String(SamplePictures.Png());
        string body = $$"""{"usage":{"a":1},"data":[{"b64_json":"{{picture}}"},{"b64_json":"{{Convert.ToBase64String(SamplePictures.Png(noise: 9000))}}"}]}""";
        DecodedBody decoded = await DecodedBody.FromAsync(new SlicedStream(Encoding.UTF8.GetBytes(body), 500), new() { MaxBodyBytes = 4000 });
        Assert.Equal(DecodeFaultKind.TooLarge, decoded.Result.Fault?.Kind);
        Assert.Equal("""{"a":1}""", decoded.Result.UsageJson);
        decoded.HasPicture(0, SamplePictures.Png());
        Assert.Equal(PictureFault.Cut, decoded.Result.Pictures[1].Fault);
    }

    [Fact]
    public async Task A_picture_over_the_limit_is_no_good_and_the_next_still_is()
    {
        byte[] allowed = SamplePictures.Png(noise: 2000), over = SamplePictures.Png(noise: 2001);
        string body = $$"""{"data":[{"b64_json":"{{Convert.ToBase64String(over)}}"},{"b64_json":"{{Convert.ToBase64String(allowed)}}"}]}""";
        DecodedBody decoded = await DecodedBody.FromAsync(new SlicedStream(Encoding.UTF8.GetBytes(body), 100), new() { MaxPictureBytes = allowed.Length });
        Assert.Null(decoded.Result.Fault);
        Assert.Equal(PictureFault.TooLarge, decoded.Result.Pictures[0].Fault);
        Assert.InRange(decoded.Sinks[0].Length, 1, allowed.Length);
        decoded.HasPicture(1, allowed);
    }

    [Fact]
    public async Task Pictures_beyond_the_limit_are_read_over()
    {
        string element = $$"""{"b64_json":"{{Convert.ToBase64String(SamplePictures.Png())}}"}""";
        DecodedBody decoded = await DecodedBody.FromAsync(
            new SlicedStream(Encoding.UTF8.GetBytes($$"""{"data":[{{element}},{{element}},{{element}}],"usage":{} }""")), new() { MaxPictures = 2 });
        Assert.Null(decoded.Result.Fault);
        Assert.Equal(2, decoded.Result.Pictures.Count);
        Assert.Equal([0, 1], decoded.Sinks.Keys.Order());
        Assert.Equal("{}", decoded.Result.UsageJson);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public async Task Usage_is_kept_whole_or_not_at_all(int over, bool kept)
    {
        DecodingOptions options = new() { MaxFieldBytes = 1000 };
        string usage = "{\"x\":\"".PadRight(998 + over, 'x') + "\"}";
        DecodedBody decoded = await DecodedBody.FromAsync(
            new SlicedStream(Encoding.UTF8.GetBytes($"{{\"usage\" {new string(' ', 5000)}: {usage} ,\"created\":7}}"), 300), options);
        Assert.Null(decoded.Result.Fault);
        Assert.Equal(kept ? usage : null, decoded.Result.UsageJson);
        Assert.Equal(7, decoded.Result.Created);
    }

    /// <summary>Every read completes at once, so all of it runs on this thread, and its allocations are the decoder's and few of ours.</summary>
    private static async Task<(Decoded Decoded, long Allocated)> MeasureAsync(Stream body, DecodingOptions options)
    {
        ResponseDecoder decoder = new(options);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Task<Decoded> decoding = decoder.DecodeAsync(body, _ => Stream.Null, cancellation: TestContext.Current.CancellationToken);
        Assert.True(decoding.IsCompleted);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        return (await decoding, allocated);
    }
}
