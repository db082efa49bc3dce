using Darkroom.Worker.Decoding;
using Darkroom.Worker.Endpoint;
using Microsoft.Extensions.Options;
using Xunit;

namespace Darkroom.Tests.Endpoint;

/// <summary>A client with one endpoint, as a node has it, and what it wrote of the last call's pictures.</summary>
internal sealed class OneEndpoint : IDisposable
{
    public const string Key = "sk-do-not-tell-0123456789";

    readonly EndpointClient client;

    public OneEndpoint(
        Uri address, TimeProvider? clock = null, Action<EndpointOptions>? configure = null, Func<int, Stream>? openPicture = null)
    {
        var options = new EndpointOptions { BaseUrl = address.ToString(), ApiKey = Key };
        configure?.Invoke(options);
        OpenPicture = openPicture ?? (index => Pictures[index] = new MemoryStream());
        client = new EndpointClient(
            Options.Create(new EndpointSettings { Endpoints = [options] }),
            new ResponseDecoder(new DecodingOptions { MaxBodyBytes = 32 << 20, MaxPictureBytes = 1 << 20 }), clock ?? TimeProvider.System);
    }

    public static CancellationToken Ct => TestContext.Current.CancellationToken;

    public Dictionary<int, MemoryStream> Pictures { get; } = [];

    Func<int, Stream> OpenPicture { get; }

    public Guid AttemptId { get; } = Guid.CreateVersion7();

    public Task<CallOutcome> CallAsync(
        string prompt = "a red door", int n = 1, string endpoint = "default", CancellationToken canceled = default,
        CancellationToken stopping = default) =>
        client.CallAsync(
            new GenerationCall(endpoint, AttemptId, "gpt-image-1.5", prompt, "low", n, "1024x1024"), OpenPicture, canceled, stopping)
            .WaitAsync(TimeSpan.FromSeconds(30), Ct);

    public async Task<CallOutcome.Failed> FailAsync(string prompt = "a red door", int n = 1)
    {
        var failed = Assert.IsType<CallOutcome.Failed>(await CallAsync(prompt, n));
        Assert.DoesNotContain(Key, $"{failed} {failed.Partial?.Fault?.Exception}");
        return failed;
    }

    public void Dispose() => client.Dispose();
}
