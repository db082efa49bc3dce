using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Net;
using Darkroom.Simulator;
using Darkroom.Simulator.Generation;
using Microsoft.Extensions.Time.Testing;
using SkiaSharp;
using Xunit;

namespace Darkroom.Tests.Simulator;

public class Generations
{
    [Theory]
    [InlineData("1024x1024", "low", 272)]
    [InlineData("1024x1024", "medium", 1056)]
    [InlineData("1024x1024", "high", 4160)]
    [InlineData("1024x1536", "low", 408)]
    [InlineData("1024x1536", "medium", 1584)]
    [InlineData("1024x1536", "high", 6240)]
    [InlineData("1536x1024", "low", 400)]
    [InlineData("1536x1024", "medium", 1568)]
    [InlineData("1536x1024", "high", 6208)]
    public async Task Usage_is_the_table_times_n(string size, string quality, int tokens)
    {
        await using var endpoint = await SimulatorHost.StartAsync();
        using var caller = new Caller(endpoint);

        using var response = await caller.PostAsync(new { model = "gpt-image-1", prompt = "eleven chrs", quality, n = 3, size });

        var answer = await Caller.JsonAsync(response);
        var usage = answer.GetProperty("usage");
        Assert.Equal(3, usage.GetProperty("input_tokens").GetInt32());
        Assert.Equal(3, usage.GetProperty("input_tokens_details").GetProperty("text_tokens").GetInt32());
        Assert.Equal(0, usage.GetProperty("input_tokens_details").GetProperty("image_tokens").GetInt32());
        Assert.Equal(3 * tokens, usage.GetProperty("output_tokens").GetInt32());
        Assert.Equal(3 * tokens + 3, usage.GetProperty("total_tokens").GetInt32());
        Assert.Equal(quality, answer.GetProperty("quality").GetString());
        Assert.Equal(size, answer.GetProperty("size").GetString());
        Assert.Equal(3, answer.GetProperty("data").GetArrayLength());
    }

    [Theory]
    [InlineData(OutputFormat.Png, "1024x1024", 2_000_000)]
    [InlineData(OutputFormat.Png, "1536x1024", 3_000_000)]
    [InlineData(OutputFormat.Jpeg, "1024x1536", 750_000)]
    [InlineData(OutputFormat.Webp, "1024x1024", 500_000)]
    public async Task Pictures_are_padded_to_their_size_and_decode(OutputFormat format, string size, int bytes)
    {
        await using var endpoint = await SimulatorHost.StartAsync(options =>
            (options.OutputFormat, options.MinPictureBytes, options.MaxPictureBytes) = (format, 2_000_000, 2_000_000));
        using var caller = new Caller(endpoint);

        using var response = await caller.PostAsync(new { model = "gpt-image-1", prompt = "a cat", n = 2, size });

        var pictures = await Caller.PicturesAsync(response);
        Assert.NotEqual(pictures[0], pictures[1]);
        foreach (var picture in pictures)
        {
            Assert.InRange(picture.Length, bytes - 2, bytes + 2);
            AssertDecodes(picture, size, format);
        }
    }

    [Theory]
    [InlineData(OutputFormat.Png)]
    [InlineData(OutputFormat.Jpeg)]
    [InlineData(OutputFormat.Webp)]
    public async Task Pictures_without_padding_decode_and_differ(OutputFormat format)
    {
        await using var endpoint = await SimulatorHost.StartAsync(options => options.DistinctPictures = 1);
        using var caller = new Caller(endpoint);

        using var response = await caller.PostAsync(new { model = "gpt-image-1", prompt = $"a cat [[format:{format}]]", n = 2 });

        var answer = await Caller.JsonAsync(response);
        Assert.Equal($"{format}".ToLower(CultureInfo.InvariantCulture), answer.GetProperty("output_format").GetString());
        var pictures = answer.GetProperty("data").EnumerateArray().Select(picture => picture.GetProperty("b64_json").GetBytesFromBase64()).ToArray();
        Assert.NotEqual(pictures[0], pictures[1]);
        Assert.All(pictures, picture => AssertDecodes(picture, "1024x1024", format));
    }

    [Fact]
    public async Task The_same_prompt_gives_the_same_pictures()
    {
        await using var one = await SimulatorHost.StartAsync();
        await using var other = await SimulatorHost.StartAsync();
        using var first = new Caller(one);
        using var second = new Caller(other);

        using var here = await first.PromptAsync("a cat");
        using var there = await second.PromptAsync("a cat");

        Assert.Equal(await Caller.PicturesAsync(here), await Caller.PicturesAsync(there));
    }

    [Fact]
    public async Task An_answer_carries_its_time_and_ids()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.FromUnixTimeSeconds(1_700_000_000));
        await using var endpoint = await SimulatorHost.StartAsync(options => options.TimeProvider = clock);
        using var caller = new Caller(endpoint);

        using var response = await caller.PromptAsync("a cat");

        Assert.Equal(1_700_000_000, (await Caller.JsonAsync(response)).GetProperty("created").GetInt64());
        Assert.Equal(endpoint.Account.Calls[0].RequestId, Assert.Single(response.Headers.GetValues("x-request-id")));
        Assert.Equal("0", Assert.Single(response.Headers.GetValues("openai-processing-ms")));
    }

    [Fact]
    public async Task A_call_takes_its_latency()
    {
        var clock = new SignallingClock();
        await using var endpoint = await SimulatorHost.StartAsync(options => (options.TimeProvider, options.LatencyMin) = (clock, TimeSpan.FromSeconds(90)));
        using var caller = new Caller(endpoint);

        var call = caller.PromptAsync("a cat");
        await clock.WaitForTimerAsync(Caller.Cancel);
        clock.Advance(TimeSpan.FromSeconds(89));
        Assert.Null(endpoint.Account.Calls[0].FinishedAt);
        clock.Advance(TimeSpan.FromSeconds(1));

        using var response = await call;
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("90000", Assert.Single(response.Headers.GetValues("openai-processing-ms")));
    }

    [Fact]
    public async Task A_body_is_spread_over_its_duration()
    {
        var clock = new SignallingClock();
        await using var endpoint = await SimulatorHost.StartAsync(options =>
            (options.TimeProvider, options.MinPictureBytes, options.MaxPictureBytes) = (clock, 750_000, 750_000));
        using var caller = new Caller(endpoint);

        async Task ReadAsync()
        {
            using var response = await caller.PromptAsync("a cat [[body:100s]]");
            await response.Content.ReadAsByteArrayAsync(Caller.Cancel);
        }
        var read = ReadAsync();
        while (await Task.WhenAny(read, clock.WaitForTimerAsync(Caller.Cancel)) != read)
            clock.Advance(TimeSpan.FromSeconds(5));
        await read;

        // A megabyte of base64 goes out in 31 portions; each waits for its time, which comes in steps of five seconds here.
        Assert.InRange((clock.GetUtcNow() - clock.Start).TotalSeconds, 90, 105);
    }

    [Theory]
    [InlineData("low", 10)]
    [InlineData("medium", 45)]
    [InlineData("high", 130)]
    public void Realistic_latencies_lie_around_the_quality_s_median_with_tails_up_to_300_seconds(string quality, int median)
    {
        var random = new Random(5);
        var options = new SimulatorOptions { LatencyScale = 1 };

        var drawn = Enumerable.Range(0, 2000).Select(_ => Latency.Of(quality, options, random).TotalSeconds).Order().ToList();

        Assert.InRange(drawn[1000], median * 0.95, median * 1.05);
        Assert.InRange(drawn[^1], median * 1.8, 300);
    }

    private static void AssertDecodes(byte[] picture, string size, OutputFormat format)
    {
        using var codec = SKCodec.Create(new MemoryStream(picture));
        Assert.Equal(format, codec.EncodedFormat switch
        {
            SKEncodedImageFormat.Png => OutputFormat.Png,
            SKEncodedImageFormat.Jpeg => OutputFormat.Jpeg,
            SKEncodedImageFormat.Webp => OutputFormat.Webp,
            var other => throw new InvalidOperationException($"{other}"),
        });
        Assert.Equal(size, $"{codec.Info.Width}x{codec.Info.Height}");
        if (format == OutputFormat.Png)
            AssertChecksums(picture);
        using var bitmap = new SKBitmap(codec.Info);
        Assert.Equal(SKCodecResult.Success, codec.GetPixels(bitmap.Info, bitmap.GetPixels()));
    }

    // Skia passes over a wrong checksum in a chunk it does not know; other readers may not.
    private static void AssertChecksums(ReadOnlySpan<byte> picture)
    {
        for (var rest = picture[8..]; rest.Length > 0;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(rest);
            Assert.Equal(Crc32.HashToUInt32(rest.Slice(4, 4 + length)), BinaryPrimitives.ReadUInt32BigEndian(rest[(8 + length)..]));
            rest = rest[(12 + length)..];
        }
    }
}
