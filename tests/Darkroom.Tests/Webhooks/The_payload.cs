using System.Text.Json;
using System.Text.RegularExpressions;
using Darkroom.Client;
using Darkroom.Migrations.Rows;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Access;
using Darkroom.Worker.Api;
using Darkroom.Worker.Webhooks;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Xunit;
using WebhookDelivery = Darkroom.Migrations.Rows.WebhookDelivery;

namespace Darkroom.Tests.Webhooks;

/// <summary>What receivers rely on: the golden files are the contract, and change only with the version in them.</summary>
public sealed partial class The_payload(TestDatabase database) : IClassFixture<TestDatabase>
{
    static readonly Guid JobId = Guid.Parse("01a2000000007000800000000000000a");

    readonly Rows rows = new(database);

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("succeeded")]
    [InlineData("failed")]
    [InlineData("held")]
    [InlineData("canceled")]
    public async Task Is_as_the_golden_file_has_it(string status)
    {
        var body = await RenderAsync(status, "a red door");

        var golden = Path.Combine(AppContext.BaseDirectory, "Webhooks", $"job.{status}.golden.json");
        using var pretty = JsonDocument.Parse(Signature().Replace(body, "exp=0&sig=x"));
        Assert.Equal((await File.ReadAllTextAsync(golden, Ct)).TrimEnd(), JsonSerializer.Serialize(pretty, Pretty));
    }

    [Theory]
    [InlineData("x", 32_000)]
    [InlineData("世", 32_000)]
    [InlineData("\U0001F6AA", 16_000)]
    public async Task Stays_under_20_KB_however_long_the_prompt_and_the_metadata(string character, int times)
    {
        var body = await RenderAsync("succeeded", string.Concat(Enumerable.Repeat(character, times)), metadata: new string('界', 512));

        Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(body), 1, 20_000);
        var data = JsonElement.Parse(body).GetProperty("data");
        Assert.EndsWith("…", data.GetProperty("prompt").GetString(), StringComparison.Ordinal);
    }

    static readonly JsonSerializerOptions Pretty = new()
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Through the real statement and the real rows; the times and ids alone are set.</summary>
    async Task<string> RenderAsync(string status, string prompt, string? metadata = null)
    {
        await rows.SeedAsync();
        await using var db = rows.CreateDbContext();
        await db.WebhookDeliveries.ExecuteDeleteAsync(Ct);
        await db.Images.ExecuteDeleteAsync(Ct);
        await db.Jobs.ExecuteDeleteAsync(Ct);
        var project = await db.Projects.Select(p => p.Id).FirstAsync(Ct);
        await ExecuteAsync($"""
            INSERT INTO darkroom.jobs (id, project_id, lane, endpoint, custom_id, model, prompt, quality, n, size, metadata, priority, max_attempts,
                max_unknown_attempts, on_unknown, webhook_url, status, due_at, ticket, tokens_taken, attempts, counted_attempts, unknown_attempts,
                created_at, started_at, finished_at, cost_amount, cost_possible, usage, result_created, result_format, result_quality, result_size,
                result_partial, error_code, error_message, error_stage, error_http_status, error_request_id)
            SELECT '{JobId}', '{project}', '{project}', 'default', 'door-1', 'gpt-image-1.5', $1, 'auto', 2, 'auto', $2::json, 5, 5, 2, 'retry',
                'https://example.com/hook', $3, t, 1, 0, 1, 1, 0, t, t + interval '1 second', t + interval '21 seconds', 0.00874, 0,
                CASE WHEN $3 = 'succeeded' THEN '{"{\"input_tokens\":2,\"output_tokens\":272,\"total_tokens\":274}"}'::json END,
                CASE WHEN $3 = 'succeeded' THEN t + interval '20 seconds' END, CASE WHEN $3 = 'succeeded' THEN 'png' END,
                CASE WHEN $3 = 'succeeded' THEN 'low' END, CASE WHEN $3 = 'succeeded' THEN '1024x1024' END, CASE WHEN $3 = 'succeeded' THEN true END,
                CASE WHEN $3 IN ('failed', 'held') THEN 'moderation_blocked' END, CASE WHEN $3 IN ('failed', 'held') THEN 'The endpoint refused.' END,
                CASE WHEN $3 IN ('failed', 'held') THEN 'answer' END, CASE WHEN $3 IN ('failed', 'held') THEN 400 END,
                CASE WHEN $3 IN ('failed', 'held') THEN 'req_1' END
            FROM (SELECT timestamptz '2026-11-24 12:00:00Z' AS t) AS times
            """, prompt, JsonSerializer.Serialize(metadata is null
                ? new Dictionary<string, string> { ["team"] = "doors" }
                : Enumerable.Range(0, 16).ToDictionary(i => $"key{i}", _ => metadata)), status);
        if (status == "succeeded")
        {
            await ExecuteAsync($"""
                INSERT INTO darkroom.images (job_id, index, attempt_id, extension, content_type, bytes, sha256, crc32, width, height)
                VALUES ('{JobId}', 0, '{JobId}', 'png', 'image/png', 1234567, '\x00ff', 7, 1024, 1024)
                """);
        }
        await WebhookEvents.RaiseAsync(db, [JobId], Ct);
        await ExecuteAsync("UPDATE darkroom.webhook_deliveries SET created_at = '2026-11-24 12:00:21Z'");
        var delivery = await db.WebhookDeliveries.AsNoTracking().SingleAsync(Ct);
        var links = new Links(Options.Create(new LinkOptions { PublicUrl = "https://darkroom.example.com" }), new NoServer());
        return await new WebhookPayload(links, new SignedLinks(rows, TimeProvider.System)).RenderAsync(delivery, Ct);
    }

    async Task ExecuteAsync(string sql, params string[] values)
    {
        await using var command = database.DataSource.CreateCommand(sql);
        foreach (var value in values)
            command.Parameters.AddWithValue(value);
        await command.ExecuteNonQueryAsync(Ct);
    }

    [GeneratedRegex("exp=[0-9]+&sig=[A-Za-z0-9_-]+")]
    private static partial Regex Signature();

    sealed class NoServer : IServer
    {
        public IFeatureCollection Features { get; } = new FeatureCollection();

        public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken) where TContext : notnull => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public void Dispose()
        {
        }
    }
}
