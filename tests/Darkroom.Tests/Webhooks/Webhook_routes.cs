using System.Net;
using Darkroom.Tests.Api;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Darkroom.Tests.Webhooks;

public sealed class Webhook_routes(ApiHost host) : IClassFixture<ApiHost>
{
    const string Endpoints = "/v1/webhook_endpoints";

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("""{}""", "url", "required")]
    [InlineData("""{"url":"https://10.0.0.1/hook"}""", "url", "private network")]
    [InlineData("""{"url":"http://example.com/hook"}""", "url", "https")]
    [InlineData("""{"url":"https://example.com","events":["job.done"]}""", "events", "'job.done', which is none of job.succeeded")]
    [InlineData("""{"url":"https://example.com","events":[]}""", "events", "at least one")]
    [InlineData("""{"url":"https://example.com","events":["job.held","job.held"]}""", "events", "twice")]
    public async Task A_bad_registration_is_refused_in_words_and_nothing_is_stored(string body, string param, string reason)
    {
        var (key, _, project) = await host.AddKeyAsync(null, "submit", "read");
        using var client = host.ClientWith(key);
        using var answer = await client.PostJsonAsync(Endpoints, body);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var error = (await answer.JsonAsync()).GetProperty("error");
        Assert.Equal(param, error.GetProperty("param").GetString());
        Assert.Contains(reason, error.GetProperty("message").GetString(), StringComparison.Ordinal);
        await using var db = await host.DbAsync();
        Assert.False(await db.WebhookEndpoints.AnyAsync(e => e.ProjectId == project, Ct));
    }

    [Theory]
    [InlineData("""{"url":"https://example.com","colour":1}""", "colour", "unknown_parameter")]
    [InlineData("""{"url":3}""", "url", "invalid_type")]
    [InlineData("[]", null, "invalid_json")]
    [InlineData("", null, "invalid_json")]
    public async Task What_is_no_registration_is_refused(string body, string? param, string code)
    {
        using var answer = await host.Admin.PostJsonAsync(Endpoints, body);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var error = (await answer.JsonAsync()).GetProperty("error");
        Assert.Equal((param, code), (error.GetProperty("param").GetString(), error.GetProperty("code").GetString()));
    }

    [Fact]
    public async Task A_receiver_lives_from_its_registration_to_its_deletion_and_its_secret_is_shown_once()
    {
        var (key, _, _) = await host.AddKeyAsync(null, "submit", "read");
        using var client = host.ClientWith(key);
        using var made = await client.PostJsonAsync(Endpoints, """{"url":"https://example.com/hook"}""");
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        var receiver = await made.JsonAsync();
        Assert.StartsWith("whsec_", receiver.GetProperty("secret").GetString(), StringComparison.Ordinal);
        Assert.Equal(8, receiver.GetProperty("events").GetArrayLength());
        var path = $"{Endpoints}/{receiver.GetProperty("id").GetString()}";

        var seen = await client.GetJsonAsync(path);
        Assert.Equal(System.Text.Json.JsonValueKind.Null, seen.GetProperty("secret").ValueKind);
        Assert.Equal("enabled", seen.GetProperty("status").GetString());
        Assert.Equal(1, (await client.GetJsonAsync(Endpoints)).GetProperty("data").GetArrayLength());
        // Another project knows nothing of it.
        using (var other = await host.Admin.GetAsync(new Uri(path, UriKind.Relative), Ct))
            Assert.Equal(HttpStatusCode.NotFound, other.StatusCode);
        using (var other = await host.Admin.PostAsync(new Uri(path + "/rotate", UriKind.Relative), null, Ct))
            Assert.Equal(HttpStatusCode.NotFound, other.StatusCode);

        using (var deleted = await client.DeleteAsync(new Uri(path, UriKind.Relative), Ct))
            Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        using (var again = await client.DeleteAsync(new Uri(path, UriKind.Relative), Ct))
            Assert.Equal(HttpStatusCode.NotFound, again.StatusCode);
        Assert.Equal(0, (await client.GetJsonAsync(Endpoints)).GetProperty("data").GetArrayLength());
    }

    [Fact]
    public async Task The_projects_own_secret_stays_and_is_stored_encrypted()
    {
        var (key, _, project) = await host.AddKeyAsync(null, "submit");
        using var client = host.ClientWith(key);
        var secret = (await client.GetJsonAsync("/v1/webhooks/default/secret")).GetProperty("key").GetString()!;

        Assert.Equal(secret, (await client.GetJsonAsync("/v1/webhooks/default/secret")).GetProperty("key").GetString());
        await using var db = await host.DbAsync();
        var row = await db.WebhookEndpoints.SingleAsync(e => e.ProjectId == project, Ct);
        Assert.Equal(-1, row.Secret.AsSpan().IndexOf(Convert.FromBase64String(secret["whsec_".Length..])));
    }

    [Fact]
    public async Task A_recovery_says_what_is_missing()
    {
        using var answer = await host.Admin.PostJsonAsync("/v1/webhook_deliveries/recover", "{}");
        Assert.Equal(("since", HttpStatusCode.BadRequest), ((await answer.JsonAsync()).GetProperty("error").GetProperty("param").GetString(), answer.StatusCode));
    }
}
