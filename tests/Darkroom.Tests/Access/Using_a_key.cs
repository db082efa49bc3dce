using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Darkroom.Tests.Api;
using Darkroom.Worker.Access;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Xunit;

namespace Darkroom.Tests.Access;

public sealed class Using_a_key(ApiHost host) : IClassFixture<ApiHost>
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_revoked_key_stops_working_within_a_second()
    {
        var (key, id, _) = await host.AddKeyAsync();
        using var client = host.ClientWith(key);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(client, "/v1/jobs"));

        await ChangeAsync(id, "revoked_at = now()");
        host.Clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(client, "/v1/jobs"));
    }

    [Fact]
    public async Task A_key_is_not_looked_up_again_for_a_second()
    {
        var (key, id, _) = await host.AddKeyAsync();
        using var client = host.ClientWith(key);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(client, "/v1/jobs"));

        await ChangeAsync(id, "revoked_at = now()");

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(client, "/v1/jobs"));
    }

    [Fact]
    public async Task An_expired_key_opens_nothing_and_one_that_will_expire_does()
    {
        var (expired, expiredId, project) = await host.AddKeyAsync();
        var (expiring, expiringId, _) = await host.AddKeyAsync(project);
        await ChangeAsync(expiredId, "expires_at = now() - interval '1 second'");
        await ChangeAsync(expiringId, "expires_at = now() + interval '1 hour'");
        using var late = host.ClientWith(expired);
        using var early = host.ClientWith(expiring);

        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(late, "/v1/jobs"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(early, "/v1/jobs"));
    }

    [Theory]
    [InlineData("/openapi/v1.json")]
    [InlineData("/docs")]
    public async Task A_browser_opens_pages_by_HTTP_Basic_with_an_admin_key_as_password(string page)
    {
        var (reader, _, _) = await host.AddKeyAsync();

        using var asked = await host.ClientWith(null).GetAsync(new Uri(page, UriKind.Relative), Cancel);

        Assert.Equal(HttpStatusCode.Unauthorized, asked.StatusCode);
        Assert.Equal("Basic", asked.Headers.WwwAuthenticate.Single().Scheme);
        Assert.NotEqual(HttpStatusCode.Unauthorized, await BasicAsync(page, $"anyone:{ApiHost.AdminKey}"));
        Assert.NotEqual(HttpStatusCode.Unauthorized, await BasicAsync(page, $":{ApiHost.AdminKey}"));
        Assert.Equal(HttpStatusCode.Forbidden, await BasicAsync(page, $"anyone:{reader}"));
        Assert.Equal(HttpStatusCode.Unauthorized, await BasicAsync(page, "anyone:wrong"));
        Assert.Equal(HttpStatusCode.Unauthorized, await BasicAsync(page, ApiHost.AdminKey));
    }

    [Fact]
    public async Task HTTP_Basic_opens_pages_only() => Assert.Equal(HttpStatusCode.Unauthorized, await BasicAsync("/v1/jobs", $"anyone:{ApiHost.AdminKey}"));

    [Theory]
    [InlineData("Bearer")]
    [InlineData("Bearer ")]
    [InlineData("Basic !!!")]
    [InlineData("Token x")]
    [InlineData("Bearer a, Bearer b")]
    public async Task A_header_that_holds_no_key_is_a_401(string header)
    {
        using var client = host.ClientWith(null);
        client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", header);

        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(client, "/v1/jobs"));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(client, "/docs"));
    }

    [Fact]
    public async Task The_bootstrap_key_of_a_later_start_replaces_the_former()
    {
        await using var first = await ApiHost.StartAsync();
        var keys = new BootstrapKey(Options.Create(new AuthOptions { BootstrapKey = "another-key-of-the-operator" }), new Infrastructure.Rows(first.Database));
        await keys.EnsureAsync(Cancel);
        await keys.EnsureAsync(Cancel);
        first.Clock.Advance(TimeSpan.FromSeconds(1));

        using var former = first.ClientWith(ApiHost.AdminKey);
        using var current = first.ClientWith("another-key-of-the-operator");
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(former, "/v1/jobs"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(current, "/v1/jobs"));
        await using var db = await first.DbAsync();
        var row = await db.ApiKeys.AsNoTracking().SingleAsync(Cancel);
        Assert.Equal(["admin"], row.Scopes);
        Assert.Equal("ator", row.Hint);
        Assert.Single(await db.Projects.ToListAsync(Cancel));
    }

    [Fact]
    public async Task Nodes_that_start_together_agree_on_one_bootstrap_key()
    {
        await using var database = await Infrastructure.TestDatabase.CreateAsync();
        var rows = new Infrastructure.Rows(database);
        await using var db = rows.CreateDbContext();
        for (var round = 0; round < 30; round++)
        {
            await db.ApiKeys.ExecuteDeleteAsync(Cancel);
            var nodes = Enumerable.Range(0, 10).Select(_ => new BootstrapKey(Options.Create(new AuthOptions { BootstrapKey = ApiHost.AdminKey }), rows));

            await Task.WhenAll(nodes.Select(n => n.EnsureAsync(Cancel)));

            Assert.Equal((1, 1), (await db.ApiKeys.CountAsync(Cancel), await db.Projects.CountAsync(Cancel)));
        }
    }

    [Theory]
    [InlineData("short", "must have 16 to 256 characters, not 5")]
    [InlineData("sixteen long with spaces", "without spaces")]
    [InlineData("sixteen-lettersé", "visible ASCII")]
    public void A_bootstrap_key_that_cannot_be_sent_or_is_too_short_stops_the_start(string key, string says)
    {
        var result = new AuthOptionsRules().Validate(null, new AuthOptions { BootstrapKey = key });

        Assert.Contains(says, result.FailureMessage, StringComparison.Ordinal);
        Assert.StartsWith("Darkroom:Auth:BootstrapKey", result.FailureMessage, StringComparison.Ordinal);
        Assert.DoesNotContain(key, result.FailureMessage, StringComparison.Ordinal);
    }

    async Task<HttpStatusCode> BasicAsync(string path, string credentials)
    {
        using var client = host.ClientWith(null);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(credentials)));
        return await StatusAsync(client, path);
    }

    static async Task<HttpStatusCode> StatusAsync(HttpClient client, string path)
    {
        using var answer = await client.GetAsync(new Uri(path, UriKind.Relative), Cancel);
        return answer.StatusCode;
    }

    async Task ChangeAsync(Guid keyId, string change)
    {
        await using var command = host.Database.DataSource.CreateCommand($"UPDATE darkroom.api_keys SET {change} WHERE id = '{keyId}'");
        Assert.Equal(1, await command.ExecuteNonQueryAsync(Cancel));
    }
}
