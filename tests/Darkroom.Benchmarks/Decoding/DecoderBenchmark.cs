using System.Net;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace Darkroom.Benchmarks.Decoding;

/// <summary>One answer with one 2 MB picture from memory to a file, with everything but the network.</summary>
[MemoryDiagnoser]
public class DecoderBenchmark
{
    private string _directory = "";
    private PictureClients? _clients;

    [ParamsSource(nameof(Names))]
    public string Client { get; set; } = "";

    public static IEnumerable<string> Names => PictureClients.Names;

    public static Task<int> Run(string[] args)
    {
        // In this process: the generated project of the default toolchain would need a restore of its own.
        IConfig config = DefaultConfig.Instance.AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance));
        return Task.FromResult(BenchmarkRunner.Run<DecoderBenchmark>(config, args).HasCriticalValidationErrors ? 1 : 0);
    }

    [GlobalSetup]
    public void Setup()
    {
        _directory = Directory.CreateTempSubdirectory("darkroom-bench").FullName;
        _clients = new(new HttpClient(new FromMemory(SampleResponse.MakeBody())), new("http://127.0.0.1/"), _directory);
    }

    [GlobalCleanup]
    public void Cleanup() => Directory.Delete(_directory, recursive: true);

    [Benchmark]
    public Task<string> Decode() => _clients!.CallAsync(Client, 0);

    private sealed class FromMemory(byte[] body) : HttpMessageHandler
    {
        protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken) =>
            new(HttpStatusCode.OK) { Content = new StreamContent(new MemoryStream(body, writable: false)) { Headers = { ContentType = new("application/json") } } };

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(Send(request, cancellationToken));
    }
}
