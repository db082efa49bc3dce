using System.Net.Http.Json;
using System.Text.Json;
using Darkroom.Client;
using Darkroom.Migrations.Rows;
using Darkroom.Tests.Api;
using Darkroom.Tests.Files;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Access;
using Darkroom.Worker.Api;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Darkroom.Tests.Access;

/// <summary>
/// A project with something of everything that belongs to one. A new kind of thing is made in <see cref="MakeAsync"/> and named in
/// <see cref="Ids"/>; a route that takes its id is then asked for it by every other project.
/// </summary>
internal sealed class ProjectWithWork(string key, Guid id)
{
    /// <summary>In all its texts, and in nobody else's.</summary>
    public const string Word = "xylograph";

    public string Key => key;

    public Guid Id => id;

    /// <summary>By the segment of a path that stands before an id.</summary>
    public Dictionary<string, string> Ids { get; } = [];

    /// <summary>By the name of a parameter of a query.</summary>
    public Dictionary<string, string> Parameters => new()
    {
        ["job_id"] = Ids["jobs"],
        ["batch_id"] = Ids["batches"],
        ["endpoint_id"] = Ids["webhook_endpoints"],
        ["custom_id"] = Word,
    };

    /// <summary>By path, for calls that name things in their body.</summary>
    public Dictionary<string, string> Bodies => new()
    {
        ["/v1/batches"] = $$"""{"input_file_id":"{{Ids["files"]}}","endpoint":"/v1/images/generations","completion_window":"24h"}""",
        ["/v1/webhook_deliveries/recover"] = $$"""{"since":"2020-01-01T00:00:00Z","endpoint_id":"{{Ids["webhook_endpoints"]}}"}""",
    };

    public static async Task<ProjectWithWork> MakeAsync(TestWorker worker, TestDatabase database, string receiver, CancellationToken ct)
    {
        using var admin = new DarkroomClient(worker.Address, TestWorker.AdminKey);
        var project = await admin.CreateProjectAsync(new() { Name = Word }, ct);
        var key = (await admin.CreateApiKeyAsync(new() { Name = Word, ProjectId = project.Id, Scopes = ["submit", "read"] }, ct)).Key!;
        Assert.True(WireId.Project.TryParse(project.Id, out var id));
        var made = new ProjectWithWork(key, id);
        using var client = new HttpClient { BaseAddress = worker.Address, DefaultRequestHeaders = { Authorization = new("Bearer", key) } };
        using var typed = new DarkroomClient(worker.Address, key);

        made.Ids["webhook_endpoints"] = made.Ids["webhooks"] = (await typed.RegisterWebhookAsync(new() { Url = receiver }, ct)).Id;
        var job = await typed.SubmitAsync(new() { Model = "gpt-image-1.5", Prompt = $"a {Word}", CustomId = Word, Quality = "low" }, cancellationToken: ct);
        made.Ids["jobs"] = job.Id;
        made.Ids["files"] = (await client.UploadAsync($$"""
            {"custom_id":"{{Word}}","method":"POST","url":"/v1/images/generations","body":{"model":"gpt-image-1.5","prompt":"a {{Word}}","quality":"low"} }
            """)).IdOf();
        made.Ids["batches"] = (await typed.CreateBatchAsync(new() { InputFileId = made.Ids["files"] }, cancellationToken: ct)).Id;
        made.Ids["webhook_deliveries"] = made.Ids["deliveries"] = await DeliveredAsync(client, job.Id, ct);
        made.Ids["bulk"] = (await BulkAsync(database, id, ct)).ToString();
        return made;
    }

    /// <summary>Job and batch have ended, and nothing more happens to their rows, once all that is told of them is delivered.</summary>
    static async Task<string> DeliveredAsync(HttpClient client, string job, CancellationToken ct)
    {
        while (true)
        {
            var page = await client.GetFromJsonAsync<JsonElement>(new Uri("/v1/webhook_deliveries?limit=100", UriKind.Relative), ct);
            var all = page.GetProperty("data").EnumerateArray().ToList();
            var ofJob = all.Where(d => d.GetProperty("job_id").GetString() == job).ToList();
            if (ofJob is [var delivery, ..] && all.Exists(d => d.GetProperty("type").GetString() == "batch.completed")
                && all.TrueForAll(d => d.GetProperty("status").GetString() == "succeeded"))
                return delivery.IdOf();
            await Task.Delay(50, ct);
        }
    }

    /// <summary>One that a node far away works on.</summary>
    static async Task<Guid> BulkAsync(TestDatabase database, Guid project, CancellationToken ct)
    {
        await using var db = new Rows(database).CreateDbContext();
        var action = new BulkAction
        {
            Id = Guid.CreateVersion7(),
            ProjectId = project,
            Kind = "cancel",
            Filter = $"?q={Word}",
            CreatedAt = DateTimeOffset.UtcNow,
            ClaimedUntil = DateTimeOffset.UtcNow.AddYears(1),
        };
        db.BulkActions.Add(action);
        await db.SaveChangesAsync(ct);
        return action.Id;
    }

    /// <summary>Every row of its own as text: what must be the same after others have tried everything.</summary>
    public async Task<string> RowsAsync(TestDatabase database, CancellationToken ct)
    {
        var tables = new List<string>();
        await using (var list = database.DataSource.CreateCommand("""
            SELECT table_name FROM information_schema.columns WHERE table_schema = 'darkroom' AND column_name = 'project_id'
            AND table_name NOT IN ('api_keys', 'audit_log', 'job_search', 'usage_deltas', 'usage_totals') ORDER BY 1
            """))
        await using (var reader = await list.ExecuteReaderAsync(ct))
        {
            while (await reader.ReadAsync(ct))
                tables.Add(reader.GetString(0));
        }
        var all = new List<string>();
        foreach (var table in tables)
        {
            await using var rows = database.DataSource.CreateCommand($"SELECT string_agg(t::text, chr(10) ORDER BY t::text) FROM darkroom.{table} AS t WHERE project_id = '{id}'");
            all.Add($"{table}: {await rows.ExecuteScalarAsync(ct)}");
        }
        return string.Join('\n', all);
    }
}
