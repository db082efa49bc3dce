using System.Net;
using System.Text.Json;
using Darkroom.Client;
using Darkroom.Tests.Api;
using Darkroom.Worker.Access;
using Darkroom.Worker.Api;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Darkroom.Tests.Access;

public sealed class Administering_keys(ApiHost host) : IClassFixture<ApiHost>
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    DarkroomClient Admin => new(host.Address, ApiHost.AdminKey);

    [Fact]
    public async Task A_key_is_shown_once_works_for_its_project_and_stops_when_revoked()
    {
        using var admin = Admin;
        var project = await admin.CreateProjectAsync(new() { Name = "a new one" }, Cancel);
        var made = await admin.CreateApiKeyAsync(new() { Name = "robot", ProjectId = project.Id }, Cancel);

        Assert.StartsWith("dk_", made.Key, StringComparison.Ordinal);
        Assert.Equal((project.Id, "robot", made.Key![^4..], "active"), (made.ProjectId, made.Name, made.Hint, made.Status));
        Assert.Equal(["submit", "read"], made.Scopes);
        Assert.Equal(made with { Key = null }, (await admin.GetApiKeyAsync(made.Id, Cancel)) with { Scopes = made.Scopes });
        Assert.DoesNotContain("\"key\"", await host.Admin.GetStringAsync(new Uri($"/v1/api_keys/{made.Id}", UriKind.Relative), Cancel), StringComparison.Ordinal);
        using var robot = new DarkroomClient(host.Address, made.Key);
        var job = await robot.SubmitAsync(new() { Model = "gpt-image-1.5", Prompt = "a door of the robot" }, cancellationToken: Cancel);
        await using (var db = await host.DbAsync())
            Assert.Equal(made.Id, WireId.Key.Format((await db.Jobs.Where(j => j.Prompt == "a door of the robot").Select(j => j.KeyId).SingleAsync(Cancel))!.Value));
        var outside = await Assert.ThrowsAsync<DarkroomException>(() => admin.GetJobAsync(job.Id, Cancel));
        Assert.Equal(HttpStatusCode.NotFound, outside.Status);

        var revoked = await admin.RevokeApiKeyAsync(made.Id, Cancel);
        host.Clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal("revoked", revoked.Status);
        Assert.Equal(revoked.RevokedAt, (await admin.RevokeApiKeyAsync(made.Id, Cancel)).RevokedAt);
        var refused = await Assert.ThrowsAsync<DarkroomException>(() => robot.GetJobAsync(job.Id, Cancel));
        Assert.Equal(HttpStatusCode.Unauthorized, refused.Status);
    }

    [Fact]
    public async Task Lists_are_paged_newest_first_and_filtered()
    {
        using var admin = Admin;
        var project = await admin.CreateProjectAsync(new() { Name = "of many keys" }, Cancel);
        var keys = new List<ApiKey>();
        for (var i = 0; i < 5; i++)
            keys.Insert(0, await admin.CreateApiKeyAsync(new() { Name = $"key {i}", ProjectId = project.Id, ExpiresAt = i == 1 ? host.Clock.GetUtcNow().AddHours(1) : null }, Cancel));
        await admin.RevokeApiKeyAsync(keys[0].Id, Cancel);
        await ExecuteAsync($"UPDATE darkroom.api_keys SET expires_at = now() - interval '1 hour' WHERE name = 'key 1' AND project_id = '{Guid.Parse(project.Id[5..])}'");

        var first = await host.Admin.GetJsonAsync($"/v1/api_keys?project_id={project.Id}&limit=3");
        var second = await host.Admin.GetJsonAsync($"/v1/api_keys?project_id={project.Id}&limit=3&after={first.GetProperty("last_id").GetString()}");

        Assert.True(first.GetProperty("has_more").GetBoolean());
        Assert.False(second.GetProperty("has_more").GetBoolean());
        Assert.Equal(keys.Select(k => k.Id), Ids(first).Concat(Ids(second)));
        Assert.Equal([keys[0].Id], await ListAsync(admin, project.Id, "revoked"));
        Assert.Equal([keys[3].Id], await ListAsync(admin, project.Id, "expired"));
        Assert.Equal([keys[1].Id, keys[2].Id, keys[4].Id], await ListAsync(admin, project.Id, "active"));
        Assert.Contains(project, await admin.ListProjectsAsync(Cancel).ToListAsync(Cancel));
        Assert.Equal(project, await admin.GetProjectAsync(project.Id, Cancel));
    }

    [Fact]
    public async Task Every_wrong_field_is_named_and_nothing_is_stored()
    {
        await using var db = await host.DbAsync();
        var before = await db.ApiKeys.CountAsync(Cancel);
        using var refused = await host.Admin.PostJsonAsync("/v1/api_keys", """
            {"name":"","project_id":"proj_x","scopes":["everything"],"expires_at":"2020-01-01T00:00:00Z","requests_per_minute":0,"max_body_bytes":5}
            """);

        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Equal(
            ["project_id", "name", "scopes", "expires_at", "requests_per_minute", "max_body_bytes"],
            (await refused.JsonAsync()).GetProperty("error").GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("param").GetString()));
        Assert.Equal(before, await db.ApiKeys.CountAsync(Cancel));
    }

    [Theory]
    [InlineData("/v1/api_keys", "{}", "name", "missing_required_parameter")]
    [InlineData("/v1/api_keys", """{"name":"x","scope":["read"]}""", "scope", "unknown_parameter")]
    [InlineData("/v1/api_keys", """{"name":"x","scopes":"read"}""", "scopes", "invalid_type")]
    [InlineData("/v1/api_keys", """{"name":"x","scopes":[7]}""", "scopes", "invalid_type")]
    [InlineData("/v1/api_keys", """{"name":"x","expires_at":"tomorrow"}""", "expires_at", "invalid_type")]
    [InlineData("/v1/api_keys", """{"name":"x","requests_per_minute":1.5}""", "requests_per_minute", "invalid_type")]
    [InlineData("/v1/api_keys", """{"name":"x","project_id":"proj_00000000000070008000000000000999"}""", "project_id", "invalid_value")]
    [InlineData("/v1/api_keys", """{"name":"x","scopes":[]}""", "scopes", "invalid_value")]
    [InlineData("/v1/api_keys", """{"name":"a\nb"}""", "name", "invalid_value")]
    [InlineData("/v1/api_keys", "[]", null, "invalid_json")]
    [InlineData("/v1/api_keys", "null", null, "invalid_json")]
    [InlineData("/v1/projects", "{}", "name", "missing_required_parameter")]
    [InlineData("/v1/projects", """{"name":" "}""", null, null)]
    [InlineData("/v1/projects", """{"name":""}""", "name", "invalid_value")]
    [InlineData("/v1/projects", """{"name":7}""", "name", "invalid_type")]
    public async Task A_wrong_body_is_refused_with_its_field(string path, string body, string? param, string? code)
    {
        using var answer = await host.Admin.PostJsonAsync(path, body);
        if (code is null)
        {
            Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
            return;
        }

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var error = (await answer.JsonAsync()).GetProperty("error");
        Assert.Equal((param, code), (error.GetProperty("param").GetString(), error.GetProperty("code").GetString()));
    }

    [Fact]
    public async Task A_name_belongs_to_one_project_and_a_refused_one_leaves_no_trace()
    {
        using var first = await host.Admin.PostJsonAsync("/v1/projects", """{"name":"the one"}""");
        using var second = await host.Admin.PostJsonAsync("/v1/projects", """{"name":"the one"}""");

        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.Conflict), (first.StatusCode, second.StatusCode));
        await using var db = await host.DbAsync();
        Assert.Single(await db.AuditLog.Select(e => e.Detail).ToListAsync(Cancel), detail => detail == """{"name":"the one"}""");
    }

    [Theory]
    [InlineData("/v1/projects/proj_x")]
    [InlineData("/v1/api_keys/key_x")]
    [InlineData("/v1/api_keys/key_00000000000070008000000000000999")]
    public async Task What_is_not_there_is_a_404(string path)
    {
        using var answer = await host.Admin.GetAsync(new Uri(path, UriKind.Relative), Cancel);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task A_use_is_written_within_a_minute_and_not_at_once()
    {
        using var admin = Admin;
        var made = await admin.CreateApiKeyAsync(new() { Name = "watched" }, Cancel);
        using var watched = host.ClientWith(made.Key);
        using (await watched.GetAsync(new Uri("/v1/jobs", UriKind.Relative), Cancel))
            Assert.Null((await admin.GetApiKeyAsync(made.Id, Cancel)).LastUsedAt);

        await host.Services.GetRequiredService<KeyUse>().WriteAsync(Cancel);
        var used = (await admin.GetApiKeyAsync(made.Id, Cancel)).LastUsedAt;
        await host.Services.GetRequiredService<KeyUse>().WriteAsync(Cancel);

        Assert.NotNull(used);
        Assert.Equal(used, (await admin.GetApiKeyAsync(made.Id, Cancel)).LastUsedAt);
    }

    static IEnumerable<string?> Ids(JsonElement page) => page.GetProperty("data").EnumerateArray().Select(k => k.GetProperty("id").GetString());

    static async Task<List<string>> ListAsync(DarkroomClient admin, string project, string status) =>
        await admin.ListApiKeysAsync([("project_id", project), ("status", status)], Cancel).Select(k => k.Id).ToListAsync(Cancel);

    async Task ExecuteAsync(string sql)
    {
        await using var command = host.Database.DataSource.CreateCommand(sql);
        Assert.Equal(1, await command.ExecuteNonQueryAsync(Cancel));
    }
}
