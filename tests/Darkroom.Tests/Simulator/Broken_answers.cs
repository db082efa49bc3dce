using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Darkroom.Simulator;
using SkiaSharp;
using Xunit;

namespace Darkroom.Tests.Simulator;

/// <summary>Faults within an answer that says 200; the caller pays for all of them.</summary>
public class Broken_answers : IAsyncLifetime
{
    private SimulatorHost _endpoint = null!;
    private Caller _caller = null!;

    public async ValueTask InitializeAsync()
    {
        _endpoint = await SimulatorHost.StartAsync(options => options.DistinctPictures = 1);
        _caller = new Caller(_endpoint);
    }

    public async ValueTask DisposeAsync()
    {
        await _endpoint.Account.WaitForCallsAsync(calls => calls.All(call => call.FinishedAt is not null), Caller.Cancel).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.All(_endpoint.Account.Calls, call => Assert.True(call.Billed));
        _caller.Dispose();
        await _endpoint.DisposeAsync();
    }

    [Fact]
    public async Task A_reset_before_the_headers_leaves_no_answer()
    {
        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => _caller.PromptAsync("a cat [[fault:reset_before_headers]]"));

        Assert.Equal(SocketError.ConnectionReset, Assert.IsType<SocketException>(failure.InnerException!.InnerException).SocketErrorCode);
        await _endpoint.Account.WaitForCallsAsync(calls => calls[0].FinishedAt is not null, Caller.Cancel);
        Assert.True(Assert.Single(_endpoint.Account.Calls) is { Status: null, ClientAborted: false });
    }

    [Theory]
    [InlineData("reset_after_headers", 0)]
    [InlineData("reset_mid_body at=50000", 50_000)]
    public async Task A_reset_within_the_answer_is_a_reset(string fault, int sent)
    {
        // A reset may overtake what was sent before it, even the headers.
        var arrived = 0L;
        var failure = await Record.ExceptionAsync(async () =>
        {
            using var response = await _caller.PromptAsync($"a cat [[fault:{fault}]]");
            var body = await response.Content.ReadAsStreamAsync(Caller.Cancel);
            for (var buffer = new byte[10_000]; ;)
                arrived += await body.ReadAtLeastAsync(buffer, 1, throwOnEndOfStream: true, Caller.Cancel);
        });

        Assert.Equal(SocketError.ConnectionReset, Assert.IsType<SocketException>(failure!.GetBaseException()).SocketErrorCode);
        Assert.InRange(arrived, 0, sent);
        await _endpoint.Account.WaitForCallsAsync(calls => calls[0].FinishedAt is not null, Caller.Cancel);
        Assert.True(Assert.Single(_endpoint.Account.Calls) is { Status: 200, ClientAborted: false });
        Assert.Equal(sent, _endpoint.Account.Calls[0].BytesSent);
    }

    [Fact]
    public async Task A_connection_closes_within_a_chunked_body()
    {
        using var response = await _caller.PromptAsync("a cat [[fault:closed_mid_body at=50000]]");
        var body = await response.Content.ReadAsStreamAsync(Caller.Cancel);

        await body.ReadExactlyAsync(new byte[50_000], Caller.Cancel);
        var failure = await Assert.ThrowsAsync<HttpIOException>(async () => await body.ReadExactlyAsync(new byte[1], Caller.Cancel));

        Assert.Equal(HttpRequestError.ResponseEnded, failure.HttpRequestError);
    }

    [Theory]
    [InlineData("truncated_body", true)]
    [InlineData("truncated_chunked", false)]
    public async Task A_truncated_body_looks_whole_to_http_and_is_half_to_json(string fault, bool announced)
    {
        using var whole = await _caller.PromptAsync($"a cat [[fault:{fault} x0]]");
        using var response = await _caller.PromptAsync($"a cat [[fault:{fault}]]");
        var length = response.Content.Headers.ContentLength;
        var body = await response.Content.ReadAsByteArrayAsync(Caller.Cancel);

        var half = (await whole.Content.ReadAsByteArrayAsync(Caller.Cancel)).Length / 2;
        Assert.InRange(body.Length, half - 10, half + 10);
        Assert.Equal(announced ? body.Length : null, length);
        Assert.ThrowsAny<JsonException>(() => JsonDocument.Parse(body));
    }

    [Theory]
    [InlineData("hang", false, 0)]
    [InlineData("hang_after_headers", true, 0)]
    [InlineData("stall at=50000", true, 50_000)]
    public async Task A_hanging_call_hangs_until_the_caller_leaves(string fault, bool headers, int arrived)
    {
        using var impatience = CancellationTokenSource.CreateLinkedTokenSource(Caller.Cancel);
        var answer = _caller.PromptAsync($"a cat [[fault:{fault}]]", impatience.Token);
        if (headers)
        {
            using var response = await answer;
            var body = await response.Content.ReadAsStreamAsync(impatience.Token);
            await body.ReadExactlyAsync(new byte[arrived], impatience.Token);
            var more = body.ReadAsync(new byte[1], impatience.Token).AsTask();
            Assert.False(more.IsCompleted);
            await impatience.CancelAsync();
            await Assert.ThrowsAnyAsync<Exception>(() => more);
        }
        else
        {
            await _endpoint.Account.WaitForCallsAsync(calls => calls.Count == 1 && calls[0].Billed, Caller.Cancel);
            await impatience.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
        }
        await _endpoint.Account.WaitForCallsAsync(calls => calls[0].FinishedAt is not null, Caller.Cancel);
        var call = Assert.Single(_endpoint.Account.Calls);
        Assert.True(call is { ClientAborted: true });
        Assert.Equal(headers ? 200 : null, call.Status);
        Assert.Equal(arrived, call.BytesSent);
    }

    [Theory]
    [InlineData("no_pictures", "[]")]
    [InlineData("null_picture", """[{"b64_json":null}]""")]
    [InlineData("empty_picture", """[{"b64_json":""}]""")]
    [InlineData("no_data", null)]
    public async Task An_answer_without_pictures_keeps_its_usage(string fault, string? data)
    {
        using var response = await _caller.PromptAsync($"a cat [[fault:{fault}]]");
        var answer = await Caller.JsonAsync(response);

        Assert.Equal(data, answer.TryGetProperty("data", out var value) ? value.GetRawText() : null);
        Assert.Equal(272, answer.GetProperty("usage").GetProperty("output_tokens").GetInt32());
    }

    [Fact]
    public async Task Bad_base64_is_not_base64()
    {
        using var response = await _caller.PromptAsync("a cat [[fault:bad_base64]]");

        Assert.False((await Caller.JsonAsync(response)).GetProperty("data")[0].GetProperty("b64_json").TryGetBytesFromBase64(out _));
    }

    [Theory]
    [InlineData("garbage_picture", false)]
    [InlineData("truncated_picture", true)]
    public async Task A_broken_picture_is_base64_that_does_not_decode(string fault, bool begins)
    {
        using var response = await _caller.PromptAsync($"a cat [[fault:{fault}]]");
        var picture = Assert.Single(await Caller.PicturesAsync(response));

        using var codec = SKCodec.Create(new MemoryStream(picture));
        Assert.Equal(begins, codec is not null);
        if (codec is null)
            return;
        using var bitmap = new SKBitmap(codec.Info);
        Assert.Equal(SKCodecResult.IncompleteInput, codec.GetPixels(bitmap.Info, bitmap.GetPixels()));
    }

    [Fact]
    public async Task A_picture_of_the_wrong_size_decodes()
    {
        using var response = await _caller.PromptAsync("a cat [[fault:wrong_size_picture]]");

        using var bitmap = SKBitmap.Decode(Assert.Single(await Caller.PicturesAsync(response)));
        Assert.Equal((512, 512), (bitmap.Width, bitmap.Height));
    }

    [Fact]
    public async Task A_partial_answer_has_one_broken_picture_among_good_ones()
    {
        using var response = await _caller.PostAsync(new { model = "gpt-image-1", prompt = "cats [[fault:partial index=1]]", n = 3 });

        var decoded = (await Caller.PicturesAsync(response)).Select(picture => SKCodec.Create(new MemoryStream(picture)) is not null);
        Assert.Equal([true, false, true], decoded);
    }

    [Fact]
    public async Task Usage_may_be_missing()
    {
        using var response = await _caller.PromptAsync("a cat [[fault:no_usage]]");
        var answer = await Caller.JsonAsync(response);

        Assert.False(answer.TryGetProperty("usage", out _));
        Assert.Equal(1, answer.GetProperty("data").GetArrayLength());
    }

    [Theory]
    [InlineData("gzip", "gzip")]
    [InlineData("br", "br")]
    [InlineData("deflate", "deflate")]
    [InlineData("raw_deflate", "deflate")]
    public async Task A_body_is_compressed_without_being_asked_for(string fault, string encoding)
    {
        using var plain = await _caller.PromptAsync("a cat [[fault:no_usage x0]]");
        using var response = await _caller.PromptAsync($"a cat [[fault:{fault}]]");
        Assert.Equal([encoding], response.Content.Headers.ContentEncoding);
        var body = await response.Content.ReadAsStreamAsync(Caller.Cancel);
        await using Stream reader = fault switch
        {
            "gzip" => new GZipStream(body, CompressionMode.Decompress),
            "br" => new BrotliStream(body, CompressionMode.Decompress),
            "deflate" => new ZLibStream(body, CompressionMode.Decompress),
            _ => new DeflateStream(body, CompressionMode.Decompress),
        };

        var answer = (await JsonDocument.ParseAsync(reader, cancellationToken: Caller.Cancel)).RootElement;

        Assert.NotNull(SKBitmap.Decode(answer.GetProperty("data")[0].GetProperty("b64_json").GetBytesFromBase64()));
    }

    [Fact]
    public async Task Odd_json_is_legal_and_means_the_same()
    {
        using var response = await _caller.PostAsync(new { model = "gpt-image-1", prompt = "cats [[fault:odd_json]]", n = 2, quality = "low" });
        var text = await response.Content.ReadAsStringAsync(Caller.Cancel);
        var answer = JsonDocument.Parse(text).RootElement;

        Assert.All(answer.GetProperty("data").EnumerateArray(), picture =>
            Assert.NotNull(SKBitmap.Decode(picture.GetProperty("b64_json").GetBytesFromBase64())));
        Assert.Equal(544, answer.GetProperty("usage").GetProperty("output_tokens").GetInt32());
        Assert.Equal(("low", "png"), (answer.GetProperty("quality").GetString(), answer.GetProperty("output_format").GetString()));
        Assert.True(text.IndexOf("usage", StringComparison.Ordinal) < text.IndexOf("\\u0061ta", StringComparison.Ordinal));
        Assert.Contains("\\/", text, StringComparison.Ordinal);
        Assert.Matches(@"[A-Za-z0-9+/]\\u00[0-9a-f]{2}[A-Za-z0-9+/]", text);
    }

    [Theory]
    [InlineData("endless_body")]
    [InlineData("endless_whitespace")]
    [InlineData("endless_error billed=yes")]
    public async Task An_endless_body_goes_on_as_long_as_it_is_read(string fault)
    {
        using var response = await _caller.PromptAsync($"a cat [[fault:{fault}]]");
        var body = await response.Content.ReadAsStreamAsync(Caller.Cancel);

        var buffer = new byte[1 << 20];
        for (var megabyte = 0; megabyte < 20; megabyte++)
            await body.ReadExactlyAsync(buffer, Caller.Cancel);
    }

    [Fact]
    public async Task A_trickling_body_comes_in_small_portions_a_pause_apart()
    {
        var clock = new SignallingClock();
        _endpoint.Options.TimeProvider = clock;
        var answer = _caller.PromptAsync("a cat [[fault:trickle every=1s bytes=7]] [[fault:no_pictures]]");
        var text = new StringBuilder();
        var buffer = new byte[100];
        Stream? body = null;
        while (!text.ToString().EndsWith("}}", StringComparison.Ordinal) || body is null)
        {
            await clock.WaitForTimerAsync(Caller.Cancel);
            clock.Advance(TimeSpan.FromSeconds(1));
            body ??= await (await answer).Content.ReadAsStreamAsync(Caller.Cancel);
            var read = await body.ReadAsync(buffer, Caller.Cancel);
            Assert.InRange(read, 1, 7);
            text.Append(Encoding.UTF8.GetString(buffer, 0, read));
        }

        Assert.Equal(JsonValueKind.Array, JsonDocument.Parse(text.ToString()).RootElement.GetProperty("data").ValueKind);
    }
}
