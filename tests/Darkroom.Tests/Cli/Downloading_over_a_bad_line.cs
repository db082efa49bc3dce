using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Darkroom.Cli;
using Darkroom.Cli.Downloading;
using Darkroom.Client;
using Darkroom.Tests.Client;
using Xunit;

namespace Darkroom.Tests.Cli;

public sealed class Downloading_over_a_bad_line : IDisposable
{
    static readonly byte[] Picture = [1, 2, 3, 4, 5, 6];

    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("darkroom-test-");

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_picture_whose_connection_is_reset_goes_on_at_its_last_byte()
    {
        var (whole, said) = await DownloadAsync(new Resetting("job_bad", 1), Job("job_bad"));

        Assert.True(whole, said);
        Assert.Equal(Picture, await File.ReadAllBytesAsync(Path.Combine(folder.FullName, "job_bad-0.png"), Cancel));
    }

    [Fact]
    public async Task One_that_never_comes_whole_does_not_keep_those_behind_it()
    {
        var (whole, said) = await DownloadAsync(new Resetting("job_bad", int.MaxValue), Job("job_bad"), Job("job_good"));

        Assert.False(whole);
        Assert.Contains("job_bad, picture 0: ", said, StringComparison.Ordinal);
        Assert.Contains("1 picture could not be fetched", said, StringComparison.Ordinal);
        Assert.Equal(["job_bad-0.png.partial", "job_good-0.png", "manifest.csv"], Directory.GetFiles(folder.FullName).Select(Path.GetFileName).Order());
    }

    async Task<(bool Whole, string Said)> DownloadAsync(HttpMessageHandler server, params Job[] jobs)
    {
        using var error = new StringWriter();
        var terminal = new Terminal(TextWriter.Null, false, error, false, _ => null);
        using var session = new Session(terminal, false, () => new DarkroomClient(new HttpClient(server) { BaseAddress = new Uri("http://darkroom.test") }));
        return (await new Download(session, folder, 1).RunAsync(jobs.ToAsyncEnumerable(), Cancel), error.ToString());
    }

    static Job Job(string id) =>
        SampleJob.With(new JobImage(0, "", "image/png", Picture.Length, Convert.ToHexStringLower(SHA256.HashData(Picture)), 1, 1), id);

    public void Dispose() => folder.Delete(recursive: true);

    /// <summary>Sends the picture, of one job a byte at a time until it has reset so many connections.</summary>
    sealed class Resetting(string job, int resets) : HttpMessageHandler
    {
        int left = resets;

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var from = (int)(request.Headers.Range?.Ranges.Single().From ?? 0);
            var isBad = request.RequestUri!.AbsolutePath.Contains(job, StringComparison.Ordinal) && left-- > 0;
            var reset = new IOException("Unable to read data from the transport connection: Connection reset by peer.", new SocketException((int)SocketError.ConnectionReset));
            return Task.FromResult(new HttpResponseMessage(from > 0 ? HttpStatusCode.PartialContent : HttpStatusCode.OK)
            {
                Content = new StreamContent(isBad ? new BrokenStream(Picture[from..(from + 1)], reset) : new MemoryStream(Picture[from..])),
            });
        }
    }
}
