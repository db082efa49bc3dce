using System.Text.Json;
using Darkroom.Tests.Infrastructure;
using Xunit;

namespace Darkroom.Tests.DropIn;

public sealed class OpenAI_for_Node
{
    const string Cat = """return (await client.images.generate({ model: "gpt-image-1.5", prompt: "a cat", quality: "low" })).data.length;""";

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Generates_pictures_in_the_endpoint_s_own_shape()
    {
        await using var cluster = await DropInWorker.StartAsync();

        var answer = await RunAsync(cluster, """
            const { data: result, response } = await client.images.generate({ model: "gpt-image-1.5", prompt: "two cats", n: 2, quality: "low", size: "1024x1024",
              user: "me", response_format: "b64_json" }).withResponse();
            return { ...result, data: result.data.map(d => d.b64_json.slice(0, 8)), job: response.headers.get("x-darkroom-job-id") };
            """);

        Assert.Equal(["created", "data", "output_format", "quality", "size", "usage", "job"], answer.EnumerateObject().Select(p => p.Name));
        Assert.Equal(["iVBORw0K", "iVBORw0K"], answer.GetProperty("data").EnumerateArray().Select(d => d.GetString()));
        Assert.Equal(("png", "low", "1024x1024"), (Text(answer, "output_format"), Text(answer, "quality"), Text(answer, "size")));
        Assert.True(answer.GetProperty("usage").GetProperty("output_tokens").GetInt32() > 0);
        using var client = cluster.Worker.Client();
        using var job = JsonDocument.Parse(await client.GetStringAsync(new Uri($"/v1/jobs/{Text(answer, "job")}", UriKind.Relative), Ct));
        Assert.Equal((2, "me"), (job.RootElement.GetProperty("priority").GetInt32(), Text(job.RootElement.GetProperty("metadata"), "user")));
    }

    [Fact]
    public async Task Throws_its_own_errors()
    {
        await using var cluster = await DropInWorker.StartAsync();

        var refused = await RunAsync(cluster, """await client.images.generate({ model: "gpt-image-1.5", prompt: "x [[fault:moderation_blocked]]" });""");
        Assert.Equal(("BadRequestError", 400, "moderation_blocked", "image_generation_user_error"),
            (Text(refused, "thrown"), refused.GetProperty("status").GetInt32(), Text(refused, "code"), Text(refused, "type")));
        Assert.StartsWith("400 Your request was rejected by the safety system.", Text(refused, "message"), StringComparison.Ordinal);
        Assert.StartsWith("job_", Text(refused, "job"), StringComparison.Ordinal);

        var unknown = await RunAsync(cluster, """await client.images.generate({ model: "dall-e-3", prompt: "x" });""");
        Assert.Equal(("BadRequestError", "model_not_found", "model"), (Text(unknown, "thrown"), Text(unknown, "code"), Text(unknown, "param")));

        var stranger = await OpenAiForNode.RunAsync(cluster.Worker.Address, "dk_nobody", Cat);
        Assert.Equal(("AuthenticationError", "invalid_api_key"), (Text(stranger, "thrown"), Text(stranger, "code")));
        Assert.Single(cluster.Endpoint.Account.Calls);
    }

    [Fact]
    public async Task Is_told_of_a_held_job_and_does_not_ask_again()
    {
        await using var cluster = await DropInWorker.StartAsync();

        var held = await RunAsync(cluster, """await client.images.generate({ model: "gpt-image-1.5", prompt: "x [[fault:http_500]]" });""");

        Assert.Equal((424, "job_held"), (held.GetProperty("status").GetInt32(), Text(held, "code")));
        Assert.Equal(2, cluster.Endpoint.Account.Calls.Count);
    }

    [Fact]
    public async Task Buys_once_through_a_reset()
    {
        await using var cluster = await DropInWorker.StartAsync();
        cluster.Endpoint.Hold();
        var running = OpenAiForNode.RunAsync(cluster.Relay.Address, TestWorker.AdminKey, Cat);
        await cluster.Relay.ArrivedAsync();
        await cluster.Endpoint.Account.WaitForHeldAsync(1, Ct);

        cluster.Relay.Cut();
        await cluster.Relay.ArrivedAsync();
        cluster.Relay.Admit();
        cluster.Endpoint.Release();

        Assert.Equal(1, (await running).GetInt32());
        Assert.Single(cluster.Endpoint.Account.Calls);
    }

    [Fact]
    public async Task Buys_once_through_its_own_time_out()
    {
        await using var cluster = await DropInWorker.StartAsync();
        cluster.Endpoint.Hold();
        var running = OpenAiForNode.RunAsync(cluster.Relay.Address, TestWorker.AdminKey, Cat, "{ timeout: 3000 }");
        await cluster.Relay.ArrivedAsync();
        await cluster.Endpoint.Account.WaitForHeldAsync(1, Ct);
        await cluster.Relay.ArrivedAsync();

        cluster.Endpoint.Release();

        Assert.Equal(1, (await running).GetInt32());
        Assert.Single(cluster.Endpoint.Account.Calls);
    }

    [Fact]
    public async Task Lists_models_and_gets_one()
    {
        await using var cluster = await DropInWorker.StartAsync("Darkroom:Models:0:ShutdownDate=2099-10-23");

        var answer = await RunAsync(cluster, """
            const all = []; for await (const model of client.models.list()) all.push(model);
            return [all.map(m => m.id), all[0].shutdown_at, (await client.models.retrieve("gpt-image-1.5")).id];
            """);
        var unknown = await RunAsync(cluster, """return await client.models.retrieve("gpt-4");""");

        Assert.Equal("""[["gpt-image-1","gpt-image-1.5"],"2099-10-23T00:00:00+00:00","gpt-image-1.5"]""", answer.GetRawText());
        Assert.Equal(("NotFoundError", "model_not_found"), (Text(unknown, "thrown"), Text(unknown, "code")));
    }

    static string? Text(JsonElement parent, string name) => parent.GetProperty(name).GetString();

    static Task<JsonElement> RunAsync(DropInWorker cluster, string body) => OpenAiForNode.RunAsync(cluster.Worker.Address, TestWorker.AdminKey, body);
}
