using System.IO.Compression;
using System.Text;
using Darkroom.Worker.Decoding;
using Xunit;

namespace Darkroom.Tests.Decoding;

/// <summary>What came before a failure is kept: usage that was read is money that was spent.</summary>
public sealed class Decoding_through_failures
{
    private static readonly byte[] Picture = SamplePictures.Png(noise: 500);

    private static readonly byte[] Body = Encoding.UTF8.GetBytes(
        $$"""{"usage":{"a":1},"data":[{"b64_json":"{{Convert.ToBase64String(Picture)}}"},{"b64_json":"{{Convert.ToBase64String(Picture)}}"}],"size":"auto"}""");

    public static TheoryData<Exception, string> NetworkFailures => new()
    {
        { new IOException("reset"), nameof(DecodeFaultKind.ReadFailed) },
        { new HttpIOException(HttpRequestError.ResponseEnded), nameof(DecodeFaultKind.Truncated) },
        { new HttpIOException(HttpRequestError.InvalidResponse), nameof(DecodeFaultKind.ReadFailed) },
        { new InvalidDataException("no gzip"), nameof(DecodeFaultKind.ReadFailed) },
        { new OperationCanceledException("not ours"), nameof(DecodeFaultKind.ReadFailed) },
        { new ObjectDisposedException("connection"), nameof(DecodeFaultKind.ReadFailed) },
    };

    [Theory]
    [MemberData(nameof(NetworkFailures), DisableDiscoveryEnumeration = true)]
    public async Task A_failed_read_keeps_what_came(Exception failure, string kind)
    {
        DecodedBody body = await DecodedBody.FromAsync(new SlicedStream(Body.AsMemory(0, Body.Length - 100), 64) { Failure = failure });
        Assert.Equal(kind, body.Result.Fault?.Kind.ToString());
        Assert.Same(failure, body.Result.Fault?.Exception);
        Assert.Equal("""{"a":1}""", body.Result.UsageJson);
        body.HasPicture(0, Picture);
        Assert.Equal(PictureFault.Cut, body.Result.Pictures[1].Fault);
    }

    [Fact]
    public async Task A_read_that_fails_behind_the_object_costs_nothing()
    {
        DecodedBody body = await DecodedBody.FromAsync(new SlicedStream(Body, 64) { Failure = new IOException("reset") });
        Assert.Null(body.Result.Fault);
        body.HasPicture(0, Picture);
        body.HasPicture(1, Picture);
    }

    [Fact]
    public async Task Cancelling_keeps_what_came()
    {
        using CancellationTokenSource timeout = new();
        int received = 0;
        Decoded decoded = await new ResponseDecoder(new()).DecodeAsync(
            new SlicedStream(Body, 100),
            _ => new MemoryStream(),
            bytes =>
            {
                received += bytes;
                if (received >= 500) timeout.Cancel();
            },
            timeout.Token);
        Assert.Equal(DecodeFaultKind.Canceled, decoded.Fault?.Kind);
        Assert.Equal(500, decoded.BodyBytes);
        Assert.Equal("""{"a":1}""", decoded.UsageJson);
        Assert.Equal(PictureFault.Cut, Assert.Single(decoded.Pictures).Fault);
    }

    [Theory]
    [InlineData(FailingAt.Open)]
    [InlineData(FailingAt.FirstWrite)]
    [InlineData(FailingAt.SecondWrite)]
    [InlineData(FailingAt.Close)]
    public async Task A_sink_that_fails_is_our_fault_and_the_rest_is_still_read(FailingAt at)
    {
        List<int> opened = [];
        byte[] usageLast = [.. Body[..^1], .. ",\"error\":{\"b\":2}}"u8];
        Decoded decoded = await new ResponseDecoder(new()).DecodeAsync(
            new SlicedStream(usageLast, 400),
            index =>
            {
                opened.Add(index);
                return at == FailingAt.Open ? throw new UnauthorizedAccessException("denied") : new FailingSink(at);
            },
            cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(DecodeFaultKind.SinkFailed, decoded.Fault?.Kind);
        Assert.NotNull(decoded.Fault?.Exception);
        Assert.Equal([0], opened);
        Assert.Equal([PictureFault.NotWritten, PictureFault.NotWritten], decoded.Pictures.Select(p => p.Fault));
        Assert.Equal(("""{"a":1}""", "auto", """{"b":2}"""), (decoded.UsageJson, decoded.Size, decoded.ErrorJson));
    }

    public static TheoryData<string, Func<Stream, Stream>, Func<Stream, Stream>> Compressions => new()
    {
        { "gzip", s => new GZipStream(s, CompressionLevel.Fastest, leaveOpen: true), s => new GZipStream(s, CompressionMode.Decompress) },
        { "deflate", s => new ZLibStream(s, CompressionLevel.Fastest, leaveOpen: true), s => new ZLibStream(s, CompressionMode.Decompress) },
        { "br", s => new BrotliStream(s, CompressionLevel.Fastest, leaveOpen: true), s => new BrotliStream(s, CompressionMode.Decompress) },
    };

    [Theory]
    [MemberData(nameof(Compressions), DisableDiscoveryEnumeration = true)]
    public async Task Compressed_bodies_are_read_and_cut_or_spoilt_ones_are_typed_faults(string name, Func<Stream, Stream> compress, Func<Stream, Stream> decompress)
    {
        MemoryStream compressed = new();
        await using (Stream compressor = compress(compressed)) compressor.Write(Body);
        byte[] bytes = compressed.ToArray();

        DecodedBody whole = await DecodedBody.FromAsync(decompress(new SlicedStream(bytes, 50)));
        Assert.True(whole.Result.Fault is null, name);
        whole.HasPicture(1, Picture);

        Random random = new(5);
        for (int i = 0; i < 200; i++)
        {
            Decoded cut = (await DecodedBody.FromAsync(decompress(new SlicedStream(bytes.AsMemory(0, random.Next(bytes.Length - 20)), 50)))).Result;
            Assert.True(cut.Fault?.Kind is DecodeFaultKind.Truncated or DecodeFaultKind.ReadFailed, $"{cut.Fault}");

            byte[] spoilt = [.. bytes];
            spoilt[random.Next(bytes.Length)] ^= (byte)random.Next(1, 256);
            Decoded any = (await DecodedBody.FromAsync(decompress(new SlicedStream(spoilt, 50)))).Result;
            Assert.True(
                any.Fault?.Kind is null or DecodeFaultKind.Truncated or DecodeFaultKind.ReadFailed or DecodeFaultKind.NotJson or DecodeFaultKind.TooDeep,
                $"{any.Fault}");
        }
    }

    public enum FailingAt
    {
        Open,
        FirstWrite,
        SecondWrite,
        Close,
    }

    private sealed class FailingSink(FailingAt at) : MemoryStream
    {
        private int _writes;

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            _writes++;
            if (at == FailingAt.FirstWrite || (at == FailingAt.SecondWrite && _writes == 2)) throw new IOException("No space left on device");
        }

        protected override void Dispose(bool disposing)
        {
            base.Dispose(disposing);
            if (at == FailingAt.Close) throw new IOException("No space left on device");
        }
    }
}
