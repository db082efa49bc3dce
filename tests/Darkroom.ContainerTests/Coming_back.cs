using System.Text.Json;
using Xunit;

namespace Darkroom.ContainerTests;

public sealed class Coming_back
{
    const int Jobs = 120;

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Of_Postgres_and_of_everything_loses_nothing()
    {
        await using var stack = await Stack.UpAsync(workers: 2);
        await Load.SubmitAsync(stack, from: 0, Jobs / 2, Ct);
        await stack.WaitUntilSucceededAsync(5);
        await Command.RunAsync("docker", ["restart", Assert.Single(await stack.ContainersAsync("postgres"))]);
        await Load.SubmitAsync(stack, from: Jobs / 2, Jobs / 2, Ct);
        var containers = await stack.ContainersAsync();
        Assert.All(Stack.Lines(await Command.RunAsync("docker", ["inspect", "--format", "{{.RestartCount}}", .. containers])), restarts => Assert.Equal("0", restarts));

        await stack.Compose.RunAsync("down");
        await stack.UpAgainAsync(workers: 1);
        await stack.WaitUntilSucceededAsync(Jobs);

        Assert.Equal(0, await stack.AskAsync("SELECT count(*) FROM darkroom.attempts WHERE status = 'unknown'"));
        Assert.Equal(Jobs, await stack.AskAsync("SELECT count(*) FROM darkroom.images"));
        await AssertPictureAsync(stack, await FirstJobAsync(stack));
    }

    static async Task<JsonElement> FirstJobAsync(Stack stack)
    {
        using var list = JsonDocument.Parse(await stack.Api.GetStringAsync(new Uri("/v1/jobs?limit=100", UriKind.Relative), Ct));
        return list.RootElement.GetProperty("data")[99].Clone();
    }

    static async Task AssertPictureAsync(Stack stack, JsonElement job)
    {
        using var picture = await stack.Api.GetAsync(new Uri($"/v1/jobs/{job.GetProperty("id").GetString()}/images/0", UriKind.Relative), Ct);
        picture.EnsureSuccessStatusCode();
        var bytes = await picture.Content.ReadAsByteArrayAsync(Ct);
        Assert.Equal(job.GetProperty("images")[0].GetProperty("bytes").GetInt64(), bytes.Length);
    }
}
