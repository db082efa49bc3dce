using System.Text.Json;
using Darkroom.Worker.Endpoint;
using Xunit;

namespace Darkroom.Tests.Endpoint;

public sealed class The_request
{
    /// <summary>The request that a call sends, head and body.</summary>
    static async Task<(string[] Head, JsonElement Body, OneEndpoint Endpoint)> SentAsync(string prompt, string path = "")
    {
        var sent = new TaskCompletionSource<(string, string)>();
        await using var server = new RawServer(async connection =>
        {
            sent.SetResult(await connection.ReadRequestAsync());
            await connection.SendAsync("HTTP/1.1 503 Busy\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n");
        });
        using var endpoint = new OneEndpoint(new Uri(server.Address, path));
        await endpoint.CallAsync(prompt, n: 3);
        var (head, body) = await sent.Task;
        return (head.Split("\r\n"), JsonDocument.Parse(body).RootElement, endpoint);
    }

    [Fact]
    public async Task Has_the_five_fields_and_nothing_else()
    {
        const string prompt = "a \"red\" door, 門, 🚪,\n</script> & \\ \0";
        var (_, body, _) = await SentAsync(prompt);
        Assert.Equal(["model", "prompt", "quality", "n", "size"], body.EnumerateObject().Select(member => member.Name));
        Assert.Equal(prompt, body.GetProperty("prompt").GetString());
        Assert.Equal(
            ("gpt-image-1.5", "low", 3, "1024x1024"),
            (
                body.GetProperty("model").GetString(),
                body.GetProperty("quality").GetString(),
                body.GetProperty("n").GetInt32(),
                body.GetProperty("size").GetString()));
    }

    [Fact]
    public async Task Has_the_key_the_attempts_id_and_asks_for_no_compression()
    {
        var (head, body, endpoint) = await SentAsync("p");
        Assert.Equal("POST /v1/images/generations HTTP/1.1", head[0]);
        Assert.Contains("Content-Type: application/json", head);
        Assert.Contains($"Authorization: Bearer {OneEndpoint.Key}", head);
        Assert.Contains($"X-Client-Request-Id: {endpoint.AttemptId:D}".ToLowerInvariant(), head.Select(line => line.ToLowerInvariant()));
        Assert.Contains("Accept-Encoding: identity", head);
        Assert.Single(head, line => line.StartsWith("User-Agent: darkroom/", StringComparison.Ordinal));
        Assert.DoesNotContain(
            head, line => line.StartsWith("Expect", StringComparison.Ordinal) || line.StartsWith("Cookie", StringComparison.Ordinal));
        Assert.Equal(JsonValueKind.Object, body.ValueKind);
    }

    [Fact]
    public async Task Keeps_the_path_of_the_base_url() =>
        Assert.Equal("POST /openai/eu/v1/images/generations HTTP/1.1", (await SentAsync("p", "/openai/eu/")).Head[0]);
}
