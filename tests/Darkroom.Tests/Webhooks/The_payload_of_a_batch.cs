using System.Text.Json;
using System.Text.RegularExpressions;
using Darkroom.Migrations.Rows;
using Darkroom.Tests.Api;
using Darkroom.Worker.Webhooks;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Darkroom.Tests.Webhooks;

/// <summary>What receivers rely on: the golden files are the contract, and change only with the version in them.</summary>
public sealed partial class The_payload_of_a_batch : IAsyncLifetime
{
    static readonly Guid Id = Guid.Parse("01a2000000007000800000000000000b");

    ApiHost host = null!;

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => host = await ApiHost.StartAsync(("Darkroom:PublicUrl", "https://darkroom.example.com"));

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Theory]
    [InlineData(BatchStatus.Completed)]
    [InlineData(BatchStatus.Failed)]
    [InlineData(BatchStatus.Expired)]
    [InlineData(BatchStatus.Cancelled)]
    public async Task Is_as_the_golden_file_has_it_and_goes_to_the_batchs_own_url_and_to_who_registered(string status)
    {
        await AddAsync(status, errors: """[{"code":"missing_required_parameter","line":3,"message":"'custom_id' is required.","param":"custom_id"}]""");
        await using var db = await host.DbAsync();
        await WebhookEvents.RaiseOfBatchAsync(db, Id, Ct);
        await ExecuteAsync("UPDATE darkroom.webhook_deliveries SET created_at = '2026-11-24 13:00:00Z'");

        var deliveries = await db.WebhookDeliveries.AsNoTracking().OrderBy(d => d.Url).ToListAsync(Ct);
        Assert.Equal(["https://all.example.com/hook", "https://own.example.com/hook"], deliveries.Select(d => d.Url));
        Assert.All(deliveries, d => Assert.Equal(("batch." + status, Id, null), (d.Type, d.BatchId, d.JobId)));
        Assert.Equal([$"{deliveries[0].EndpointId}", $"{deliveries[1].ProjectId} https://own.example.com"], deliveries.Select(d => d.Receiver));
        var body = await RenderAsync(deliveries[1]);
        var golden = Path.Combine(AppContext.BaseDirectory, "Webhooks", $"batch.{status}.golden.json");
        using var pretty = JsonDocument.Parse(Signature().Replace(body, "exp=0&sig=x"));
        var text = JsonSerializer.Serialize(pretty, Pretty);
        Assert.Equal((await File.ReadAllTextAsync(golden, Ct)).TrimEnd(), text);
    }

    [Fact]
    public async Task Stays_under_20_KB_however_many_lines_are_wrong()
    {
        var error = """{"code":"invalid_value","line":1,"message":"'size' must be one of 1024x1024, 1536x1024, 1024x1536 and auto.","param":"body.size"}""";
        await AddAsync(BatchStatus.Failed, errors: $"[{string.Join(',', Enumerable.Repeat(error, 1000))}]");
        await using var db = await host.DbAsync();
        await WebhookEvents.RaiseOfBatchAsync(db, Id, Ct);
        var body = await RenderAsync(await db.WebhookDeliveries.AsNoTracking().FirstAsync(Ct));
        Assert.InRange(body.Length, 5_000, 20_000);
    }

    Task<string> RenderAsync(WebhookDelivery delivery) =>
        ActivatorUtilities.CreateInstance<BatchPayload>(host.Services).RenderAsync(delivery, Ct);

    /// <summary>Only who registered for it: one for every event, one for jobs alone.</summary>
    async Task AddAsync(string status, string errors)
    {
        var project = await host.Database.DefaultProjectAsync();
        var failed = status == BatchStatus.Failed;
        var file = Guid.Parse("01a20000000070008000000000000f11");
        await ExecuteAsync($"""
            INSERT INTO darkroom.batches (id, project_id, status, input_file_id, completion_window, metadata, model, priority, max_attempts, max_unknown_attempts,
                on_unknown, webhook_url, skip_invalid, output_base64, total, succeeded, failed, held, canceled, skipped_lines, errors, output_file_id, error_file_id,
                created_at, expires_at, in_progress_at, finalizing_at, {status}_at)
            SELECT '{Id}', '{project}', '{status}', '{file}', '24h', $1::json, {(failed ? "NULL" : "'gpt-image-1.5'")}, 7, 5, 2, 'retry', 'https://own.example.com/hook', false, false,
                {(failed ? "0, 0, 0, 0, 0, 0, $2::json, NULL, NULL" : $"10, 7, 1, 0, 2, 0, NULL, '{file}', '{file}'")},
                t, t + interval '24 hours', {(failed ? "NULL, NULL" : "t + interval '1 second', t + interval '59 minutes'")}, t + interval '1 hour'
            FROM (SELECT timestamptz '2026-11-24 12:00:00Z' AS t) AS times WHERE $2::text IS NOT NULL
            """, """{"team":"doors"}""", errors);
        foreach (var (url, events) in new[] { ("https://all.example.com/hook", WebhookEvents.All), ("https://jobs.example.com/hook", WebhookEvents.OfJobs) })
        {
            await ExecuteAsync($"""
                INSERT INTO darkroom.webhook_endpoints (id, project_id, url, events, secret, created_at)
                VALUES (gen_random_uuid(), '{project}', '{url}', ARRAY['{string.Join("','", events)}'], '', now())
                """);
        }
    }

    async Task ExecuteAsync(string sql, params string[] values)
    {
        await using var command = host.Database.DataSource.CreateCommand(sql);
        foreach (var value in values)
            command.Parameters.AddWithValue(value);
        await command.ExecuteNonQueryAsync(Ct);
    }

    static readonly JsonSerializerOptions Pretty = new()
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    [GeneratedRegex("exp=[0-9]+&sig=[A-Za-z0-9_-]+")]
    private static partial Regex Signature();
}
