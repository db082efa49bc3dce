using System.Net;
using Darkroom.Client;
using Darkroom.Simulator;
using Darkroom.Tests.Api;
using Darkroom.Tests.Dashboard;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Access;
using Darkroom.Worker.Retention;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Darkroom.Tests.Access;

public sealed class The_audit_log : IAsyncLifetime
{
    TestDatabase database = null!;
    SimulatorHost endpoint = null!;
    TestWorker worker = null!;
    DarkroomClient admin = null!;
    HttpClient http = null!;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        endpoint = await SimulatorHost.StartAsync(o => o.LatencyScale = 0);
        worker = await TestWorker.StartAsync(database, endpoint, "Darkroom:Retention:AuditLog=30.00:00:00");
        (admin, http) = (new(worker.Address, TestWorker.AdminKey), worker.Client());
    }

    [Fact(Timeout = 60_000)]
    public async Task It_tells_who_administered_what_by_the_API()
    {
        var project = await admin.CreateProjectAsync(new() { Name = "audited" }, Cancel);
        var made = await admin.CreateApiKeyAsync(new() { Name = "second", ProjectId = project.Id, Scopes = ["admin"], RequestsPerMinute = 90 }, Cancel);
        using var second = new DarkroomClient(worker.Address, made.Key!);
        await second.PauseEndpointAsync("default", "moving house", Cancel);
        await second.PauseEndpointAsync("default", "again", Cancel);
        await second.ResumeEndpointAsync("default", Cancel);
        var receiver = await second.RegisterWebhookAsync(new() { Url = "https://example.com/hook" }, Cancel);
        using var own = new HttpClient { BaseAddress = worker.Address, DefaultRequestHeaders = { Authorization = new("Bearer", made.Key) } };
        foreach (var act in new[] { "rotate", "disable", "enable" })
            using (await own.PostAsync(new Uri($"/v1/webhook_endpoints/{receiver.Id}/{act}", UriKind.Relative), null, Cancel)) { }
        using (await own.DeleteAsync(new Uri($"/v1/webhook_endpoints/{receiver.Id}", UriKind.Relative), Cancel)) { }
        await admin.RevokeApiKeyAsync(made.Id, Cancel);
        await admin.RevokeApiKeyAsync(made.Id, Cancel);

        var log = await admin.ListAuditLogAsync(cancellationToken: Cancel).ToListAsync(Cancel);

        Assert.Equal(
            [
                ("api_key.revoked", made.Id, "bootstrap"), ("webhook_endpoint.deleted", receiver.Id, "second"), ("webhook_endpoint.enabled", receiver.Id, "second"),
                ("webhook_endpoint.disabled", receiver.Id, "second"), ("webhook_endpoint.secret_rotated", receiver.Id, "second"),
                ("webhook_endpoint.registered", receiver.Id, "second"), ("endpoint.resumed", "default", "second"), ("endpoint.paused", "default", "second"),
                ("api_key.created", made.Id, "bootstrap"), ("project.created", project.Id, "bootstrap"),
                ("api_key.created", "key_00000000000070008000000000000001", "configuration"),
            ],
            log.Select(e => (e.Action, e.Target, e.Actor)));
        var paused = log.Single(e => e.Action == "endpoint.paused");
        Assert.Equal((made.Id, project.Id, "127.0.0.1", """{"reason":"moving house"}"""), (paused.KeyId, paused.ProjectId, paused.Address, paused.Detail?.GetRawText()));
        Assert.Equal((null, null, null), (log[^1].KeyId, log[^1].ProjectId, log[^1].Address));
        Assert.Contains("\"requests_per_minute\":90", log.Single(e => e.Target == made.Id && e.Action == "api_key.created").Detail?.GetRawText(), StringComparison.Ordinal);
        var all = await http.GetStringAsync(new Uri("/v1/audit_log?limit=100", UriKind.Relative), Cancel);
        Assert.DoesNotContain(made.Key!, all, StringComparison.Ordinal);
        Assert.DoesNotContain("whsec_", all, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task It_tells_what_was_done_on_the_dashboard()
    {
        using var browser = new Browser(worker.Address);
        using (await browser.SignInAsync(TestWorker.AdminKey)) { }
        foreach (var (path, fields) in new (string, (string, string)[])[]
        {
            ("/settings/projects", [("name", "by hand")]),
            ("/settings/endpoints/default/pause", [("reason", "lunch")]),
            ("/settings/endpoints/default/resume", []),
            ("/jobs/bulk", [("kind", "cancel"), ("filter", "?model=gpt-image-1")]),
            ("/webhooks", [("url", "https://example.com/hook"), ("event", "job.failed")]),
        })
            using (var answer = await browser.PostAsync(path, "/", fields))
                Assert.True(answer.StatusCode is HttpStatusCode.Found or HttpStatusCode.OK, $"{path}: {(int)answer.StatusCode}");

        var log = await admin.ListAuditLogAsync([("created_after", "2020-01-01T00:00:00Z"), ("key_id", "key_00000000000070008000000000000001")], Cancel).ToListAsync(Cancel);

        Assert.Equal(
            ["webhook_endpoint.registered", "jobs.bulk_cancel", "endpoint.resumed", "endpoint.paused", "project.created"], log.Select(e => e.Action));
        Assert.All(log, entry => Assert.Equal(("bootstrap", "127.0.0.1"), (entry.Actor, entry.Address)));
        Assert.Equal("""{"filter":"?model=gpt-image-1"}""", log[1].Detail?.GetRawText());
    }

    [Fact]
    public async Task It_is_paged_and_filtered_and_a_wrong_filter_is_refused()
    {
        for (var i = 0; i < 5; i++)
            await admin.CreateProjectAsync(new() { Name = $"project {i}" }, Cancel);

        var first = await http.GetJsonAsync("/v1/audit_log?action=project.created&limit=3");
        var second = await http.GetJsonAsync($"/v1/audit_log?action=project.created&limit=3&after={first.GetProperty("last_id").GetString()}");
        var targets = first.GetProperty("data").EnumerateArray().Concat(second.GetProperty("data").EnumerateArray()).Select(e => e.GetProperty("target").GetString()).ToList();
        var one = await http.GetJsonAsync($"/v1/audit_log?target={targets[2]}");

        Assert.Equal((true, false, 5), (first.GetProperty("has_more").GetBoolean(), second.GetProperty("has_more").GetBoolean(), targets.Distinct().Count()));
        Assert.Equal("""{"name":"project 2"}""", Assert.Single(one.GetProperty("data").EnumerateArray()).GetProperty("detail").GetRawText());
        Assert.Empty((await http.GetJsonAsync("/v1/audit_log?created_before=2020-01-01T00:00:00Z")).GetProperty("data").EnumerateArray());
        using var wrong = await http.GetAsync(new Uri("/v1/audit_log?actor=me", UriKind.Relative), Cancel);
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
    }

    [Fact]
    public async Task A_change_whose_entry_cannot_be_written_is_not_made()
    {
        await using (var command = database.DataSource.CreateCommand("ALTER TABLE darkroom.audit_log ADD CHECK (action <> 'api_key.revoked')"))
            await command.ExecuteNonQueryAsync(Cancel);
        var made = await admin.CreateApiKeyAsync(new() { Name = "kept" }, Cancel);

        await Assert.ThrowsAsync<DarkroomException>(() => admin.RevokeApiKeyAsync(made.Id, Cancel));

        Assert.Equal("active", (await admin.GetApiKeyAsync(made.Id, Cancel)).Status);
    }

    [Fact]
    public async Task Old_entries_go_by_the_configured_age()
    {
        await admin.CreateProjectAsync(new() { Name = "old" }, Cancel);
        await using (var command = database.DataSource.CreateCommand("UPDATE darkroom.audit_log SET created_at = now() - interval '31 days' WHERE action = 'project.created'"))
            await command.ExecuteNonQueryAsync(Cancel);

        await worker.Get<Removal>().AuditLogAsync(Cancel);

        Assert.Equal(["api_key.created"], await admin.ListAuditLogAsync(cancellationToken: Cancel).Select(e => e.Action).ToListAsync(Cancel));
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        admin.Dispose();
        await worker.DisposeAsync();
        await endpoint.DisposeAsync();
        await database.DisposeAsync();
    }
}
