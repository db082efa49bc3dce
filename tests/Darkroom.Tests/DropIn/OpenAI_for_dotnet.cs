using System.ClientModel;
using Darkroom.Tests.Infrastructure;
using OpenAI;
using OpenAI.Images;
using OpenAI.Models;
using Xunit;

namespace Darkroom.Tests.DropIn;

/// <summary>The official package sends no key and does not count its repeats.</summary>
public sealed class OpenAI_for_dotnet
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Generates_a_picture()
    {
        await using var cluster = await DropInWorker.StartAsync();

        var picture = await Images(cluster.Worker.Address).GenerateImageAsync("a cat", new ImageGenerationOptions { EndUserId = "me" }, Ct);

        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], picture.Value.ImageBytes.ToMemory().Span[..4].ToArray());
    }

    [Fact]
    public async Task Throws_its_own_errors()
    {
        await using var cluster = await DropInWorker.StartAsync();
        var images = Images(cluster.Worker.Address);

        var refused = await Assert.ThrowsAsync<ClientResultException>(() => images.GenerateImageAsync("x [[fault:moderation_blocked]]", null, Ct));
        var held = await Assert.ThrowsAsync<ClientResultException>(() => images.GenerateImageAsync("x [[fault:http_500]]", null, Ct));

        Assert.Equal(400, refused.Status);
        Assert.Contains("image_generation_user_error: moderation_blocked", refused.Message, StringComparison.Ordinal);
        Assert.Equal(424, held.Status);
        Assert.Equal(3, cluster.Endpoint.Account.Calls.Count);
    }

    [Fact]
    public async Task Buys_once_through_a_reset()
    {
        await using var cluster = await DropInWorker.StartAsync();
        cluster.Endpoint.Hold();
        var running = Images(cluster.Relay.Address).GenerateImageAsync("a cat", null, Ct);
        await cluster.Relay.ArrivedAsync();
        await cluster.Endpoint.Account.WaitForHeldAsync(1, Ct);

        cluster.Relay.Cut();
        await cluster.UnansweredAsync();
        cluster.Relay.Admit();
        await cluster.Relay.ArrivedAsync();
        cluster.Endpoint.Release();

        Assert.False((await running).Value.ImageBytes.ToMemory().IsEmpty);
        Assert.Single(cluster.Endpoint.Account.Calls);
    }

    [Fact]
    public async Task Buys_once_through_its_own_time_out()
    {
        await using var cluster = await DropInWorker.StartAsync();
        cluster.Endpoint.Hold();
        var running = Images(cluster.Relay.Address, TimeSpan.FromSeconds(5)).GenerateImageAsync("a cat", null, Ct);
        await cluster.Relay.ArrivedAsync();
        cluster.Relay.HoldNew();
        await cluster.Endpoint.Account.WaitForHeldAsync(1, Ct);

        await cluster.UnansweredAsync();
        cluster.Relay.Admit();
        await cluster.Relay.ArrivedAsync();
        cluster.Endpoint.Release();

        Assert.False((await running).Value.ImageBytes.ToMemory().IsEmpty);
        Assert.Single(cluster.Endpoint.Account.Calls);
    }

    [Fact]
    public async Task Lists_models_and_gets_one()
    {
        await using var cluster = await DropInWorker.StartAsync();
        var models = new OpenAIModelClient(new ApiKeyCredential(TestWorker.AdminKey), Options(cluster.Worker.Address, null));

        var all = await models.GetModelsAsync(Ct);

        Assert.Equal(["gpt-image-1", "gpt-image-1.5"], all.Value.Select(m => m.Id).Order());
        Assert.Equal("gpt-image-1.5", (await models.GetModelAsync("gpt-image-1.5", Ct)).Value.Id);
    }

    static ImageClient Images(Uri server, TimeSpan? timeout = null) =>
        new("gpt-image-1.5", new ApiKeyCredential(TestWorker.AdminKey), Options(server, timeout));

    static OpenAIClientOptions Options(Uri server, TimeSpan? timeout) => new() { Endpoint = new Uri(server, "v1"), NetworkTimeout = timeout };
}
