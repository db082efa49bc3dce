using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Darkroom.Migrations.Rows;
using Darkroom.Simulator;
using Darkroom.Tests.Api;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Webhooks;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Xunit;

namespace Darkroom.Tests.Webhooks;

/// <summary>From the end of a job to a receiver, over real HTTP.</summary>
public sealed class Delivering : IAsyncLifetime
{
    TestDatabase database = null!;
    SimulatorHost simulator = null!;
    TestReceiver receiver = null!;
    Rows rows = null!;

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        simulator = await SimulatorHost.StartAsync(o => o.LatencyScale = 0);
        receiver = await TestReceiver.StartAsync();
        rows = new Rows(database);
    }

    public async ValueTask DisposeAsync()
    {
        await receiver.DisposeAsync();
        await simulator.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task A_jobs_own_URL_is_told_once_signed_and_its_links_open_without_a_key()
    {
        await using var worker = await StartAsync();
        using var client = worker.Client();
        using var submitted = await client.PostJsonAsync("/v1/jobs", $$"""
            {"model":"gpt-image-1.5","prompt":"a red door","quality":"low","custom_id":"door","webhook_url":"{{receiver.Url}}"}
            """);
        Assert.Equal(HttpStatusCode.Accepted, submitted.StatusCode);
        await receiver.WaitForAsync(1, Ct);

        var delivery = Assert.Single(receiver.All);
        var secret = (await client.GetJsonAsync("/v1/webhooks/default/secret")).GetProperty("key").GetString()!;
        Assert.Equal(Sign(secret, delivery), delivery.Signature);
        var body = JsonElement.Parse(delivery.Body);
        Assert.Equal("job.succeeded", body.GetProperty("type").GetString());
        var data = body.GetProperty("data");
        Assert.Equal(("succeeded", "door"), (data.GetProperty("status").GetString(), data.GetProperty("custom_id").GetString()));
        using var stranger = new HttpClient();
        var picture = await stranger.GetByteArrayAsync(new Uri(data.GetProperty("images")[0].GetProperty("url").GetString()!), Ct);
        Assert.Equal(data.GetProperty("images")[0].GetProperty("sha256").GetString(), Convert.ToHexStringLower(SHA256.HashData(picture)));
        Assert.True(delivery.Body.Length < 20_000);
        await WaitForAsync(d => d.Status == WebhookStatus.Succeeded, 1);
    }

    [Fact]
    public async Task The_official_library_verifies_it_and_refuses_another_body()
    {
        await using var worker = await StartAsync();
        using var client = worker.Client();
        using (await client.PostJsonAsync("/v1/jobs", $$"""
            {"model":"gpt-image-1.5","prompt":"Grüße, 世界 \u0007","quality":"low","webhook_url":"{{receiver.Url}}"}
            """))
            await receiver.WaitForAsync(1, Ct);
        var delivery = Assert.Single(receiver.All);
        var secret = (await client.GetJsonAsync("/v1/webhooks/default/secret")).GetProperty("key").GetString()!;

        Assert.Equal("job.succeeded", await StandardWebhooks.VerifyAsync(secret, delivery, Ct));
        Assert.Equal("No matching signature found", await StandardWebhooks.VerifyAsync(secret, delivery with { Body = delivery.Body + " " }, Ct));
    }

    [Fact]
    public async Task A_registered_receiver_is_told_of_its_events_alone_and_after_a_rotation_by_both_secrets()
    {
        await using var worker = await StartAsync();
        using var client = worker.Client();
        var endpoint = await RegisterAsync(client, "job.failed");
        using (await client.PostJsonAsync("/v1/jobs", """{"model":"gpt-image-1.5","prompt":"good","quality":"low"}"""))
        using (await client.PostJsonAsync("/v1/jobs", """{"model":"gpt-image-1.5","prompt":"bad [[fault:moderation_blocked]]","quality":"low"}"""))
            await receiver.WaitForAsync(1, Ct);
        var old = endpoint.GetProperty("secret").GetString()!;
        Assert.Equal(Sign(old, receiver.All[0]), receiver.All[0].Signature);
        Assert.Equal("job.failed", JsonElement.Parse(receiver.All[0].Body).GetProperty("type").GetString());

        using var rotated = await client.PostAsync(new Uri($"/v1/webhook_endpoints/{endpoint.GetProperty("id").GetString()}/rotate", UriKind.Relative), null, Ct);
        var young = (await rotated.JsonAsync()).GetProperty("secret").GetString()!;
        using (await client.PostAsync(new Uri($"/v1/webhook_endpoints/{endpoint.GetProperty("id").GetString()}/test", UriKind.Relative), null, Ct))
            await receiver.WaitForAsync(1, Ct);
        Assert.Equal($"{Sign(young, receiver.All[1])} {Sign(old, receiver.All[1])}", receiver.All[1].Signature);
        Assert.Equal("webhook.test", JsonElement.Parse(receiver.All[1].Body).GetProperty("type").GetString());
    }

    [Theory]
    [InlineData(500)]
    [InlineData(302)]
    [InlineData(429)]
    public async Task What_is_not_2xx_is_tried_again_under_the_same_id_and_the_log_tells_of_it(int status)
    {
        await using var worker = await StartAsync("Darkroom:Webhooks:Schedule:0=00:00:00");
        using var client = worker.Client();
        receiver.Answer = async (http, number) =>
        {
            http.Response.StatusCode = number == 1 ? status : 200;
            http.Response.Headers.Location = "/elsewhere";
            await http.Response.WriteAsync(number == 1 ? "not now" : "thanks", Ct);
        };
        var endpoint = await RegisterAsync(client, "job.succeeded");
        using (await client.PostJsonAsync("/v1/jobs", """{"model":"gpt-image-1.5","prompt":"good","quality":"low"}"""))
            await receiver.WaitForAsync(2, Ct);
        var delivery = (await WaitForAsync(d => d.Status == WebhookStatus.Succeeded, 1))[0];

        Assert.Equal(receiver.All[0].Id, receiver.All[1].Id);
        Assert.Equal(receiver.All[0].Body, receiver.All[1].Body);
        var attempts = (await client.GetJsonAsync($"/v1/webhook_deliveries/msg_{delivery.Id:N}/attempts")).GetProperty("data");
        Assert.Equal([status, 200], attempts.EnumerateArray().Select(a => a.GetProperty("http_status").GetInt32()));
        Assert.Equal("not now", attempts[0].GetProperty("answer").GetString());
        Assert.Equal(JsonValueKind.Null, (await client.GetJsonAsync($"/v1/webhook_endpoints/{endpoint.GetProperty("id").GetString()}")).GetProperty("failing_since").ValueKind);
    }

    [Fact]
    public async Task A_receiver_that_says_410_is_disabled_and_told_nothing_more_until_it_is_enabled()
    {
        await using var worker = await StartAsync("Darkroom:Webhooks:Schedule:0=00:00:00");
        using var client = worker.Client();
        receiver.Answer = (http, number) => Task.FromResult(http.Response.StatusCode = number == 1 ? 410 : 200);
        var path = $"/v1/webhook_endpoints/{(await RegisterAsync(client, "job.succeeded")).GetProperty("id").GetString()}";
        using (await client.PostJsonAsync("/v1/jobs", """{"model":"gpt-image-1.5","prompt":"one","quality":"low"}"""))
            await receiver.WaitForAsync(1, Ct);
        var failed = (await WaitForAsync(d => d.Status == WebhookStatus.Failed, 1))[0];
        var disabled = await client.GetJsonAsync(path);
        Assert.Equal("disabled", disabled.GetProperty("status").GetString());
        Assert.Contains("410", disabled.GetProperty("disabled_reason").GetString(), StringComparison.Ordinal);

        using (await client.PostAsync(new Uri(path + "/enable", UriKind.Relative), null, Ct))
        using (await client.PostAsync(new Uri($"/v1/webhook_deliveries/msg_{failed.Id:N}/resend", UriKind.Relative), null, Ct))
            await receiver.WaitForAsync(1, Ct);
        Assert.Equal(receiver.All[0].Id, receiver.All[1].Id);
        await WaitForAsync(d => d.Status == WebhookStatus.Succeeded, 1);
    }

    [Fact]
    public async Task A_disabled_receiver_is_not_said_to_have_answered_and_is_told_after_all_when_it_is_enabled()
    {
        await using var worker = await StartAsync();
        using var client = worker.Client();
        var path = $"/v1/webhook_endpoints/{(await RegisterAsync(client, "job.succeeded")).GetProperty("id").GetString()}";
        using (await client.PostAsync(new Uri(path + "/disable", UriKind.Relative), null, Ct))
        using (await client.PostAsync(new Uri(path + "/test", UriKind.Relative), null, Ct))
        {
            var unsent = (await WaitForAsync(d => d.Status == WebhookStatus.Failed, 1))[0];
            Assert.Equal((null, 0, DeliveryLog.Disabled), (unsent.LastHttpStatus, unsent.Attempts, unsent.LastError));
            await using (var db = rows.CreateDbContext())
                Assert.False(await db.WebhookReceivers.AnyAsync(Ct) || await db.WebhookAttempts.AnyAsync(Ct));
            Assert.Equal(JsonValueKind.Null, (await client.GetJsonAsync(path)).GetProperty("failing_since").ValueKind);

            using (await client.PostAsync(new Uri(path + "/enable", UriKind.Relative), null, Ct))
            using (await client.PostAsync(new Uri($"/v1/webhook_deliveries/msg_{unsent.Id:N}/resend", UriKind.Relative), null, Ct))
                await receiver.WaitForAsync(1, Ct);
        }
        await WaitForAsync(d => d.Status == WebhookStatus.Succeeded && d.LastError == null, 1);
    }

    [Fact]
    public async Task Given_up_after_its_last_wait_a_delivery_is_recovered_with_all_that_failed_since()
    {
        await using var worker = await StartAsync("Darkroom:Webhooks:Schedule:0=00:00:00");
        using var client = worker.Client();
        receiver.Answer = (http, number) => Task.FromResult(http.Response.StatusCode = number <= 2 ? 500 : 200);
        await RegisterAsync(client, "job.succeeded");
        using (await client.PostJsonAsync("/v1/jobs", """{"model":"gpt-image-1.5","prompt":"one","quality":"low"}"""))
            await receiver.WaitForAsync(2, Ct);
        await WaitForAsync(d => d.Status == WebhookStatus.Failed, 1);

        using var recovered = await client.PostJsonAsync("/v1/webhook_deliveries/recover", """{"since":"2020-01-01T00:00:00Z"}""");
        Assert.Equal(1, (await recovered.JsonAsync()).GetProperty("recovered").GetInt32());
        await receiver.WaitForAsync(1, Ct);
        await WaitForAsync(d => d.Status == WebhookStatus.Succeeded, 1);
    }

    [Fact]
    public async Task Without_leave_no_delivery_reaches_this_machine_whatever_the_row_says()
    {
        await rows.SeedAsync();
        await using var worker = await TestWorker.StartAsync(database, simulator, "Darkroom:Webhooks:AllowHttp=true", "Darkroom:Webhooks:Schedule:0=00:00:00");
        // Past the check of a submission.
        await rows.AddAsync(rows.NewJob(due: DateTimeOffset.UtcNow.AddDays(1)));
        await ExecuteAsync($"UPDATE darkroom.jobs SET webhook_url = '{receiver.Url}', due_at = darkroom.now()");
        worker.Get<Worker.Admission.WorkSignal>().Raise();
        var delivery = (await WaitForAsync(d => d.Status == WebhookStatus.Failed, 1))[0];

        Assert.Contains("private network", delivery.LastError, StringComparison.Ordinal);
        Assert.Empty(receiver.All);
    }

    [Fact]
    public async Task The_address_really_connected_to_is_judged_whatever_the_name_was_taken_for()
    {
        using var connections = new ReceiverConnections(new Receivers(Options.Create(new WebhookOptions { AllowHttp = true })));
        using var request = new HttpRequestMessage(HttpMethod.Post, receiver.Url);

        var refused = await Assert.ThrowsAsync<HttpRequestException>(() => connections.SendAsync(request, Ct));
        Assert.IsType<ReceiverRefusedException>(refused.GetBaseException());
        Assert.Empty(receiver.All);
    }

    Task<TestWorker> StartAsync(params string[] settings) => TestWorker.StartAsync(
        database, simulator, ["Darkroom:Webhooks:AllowHttp=true", "Darkroom:Webhooks:AllowedNetworks:0=127.0.0.0/8", .. settings]);

    async Task<JsonElement> RegisterAsync(HttpClient client, params string[] events)
    {
        using var registered = await client.PostAsJsonAsync(new Uri("/v1/webhook_endpoints", UriKind.Relative), new { url = receiver.Url, events }, Ct);
        Assert.Equal(HttpStatusCode.Created, registered.StatusCode);
        return await registered.JsonAsync();
    }

    static string Sign(string secret, Received delivery) => "v1," + Convert.ToBase64String(HMACSHA256.HashData(
        Convert.FromBase64String(secret["whsec_".Length..]), Encoding.UTF8.GetBytes($"{delivery.Id}.{delivery.Timestamp}.{delivery.Body}")));

    /// <summary>The record follows the answer by a moment, and nobody tells of it.</summary>
    async Task<List<WebhookDelivery>> WaitForAsync(System.Linq.Expressions.Expression<Func<WebhookDelivery, bool>> condition, int count)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (true)
        {
            await using var db = rows.CreateDbContext();
            var found = await db.WebhookDeliveries.AsNoTracking().Where(condition).ToListAsync(patience.Token);
            if (found.Count == count)
                return found;
            await ticks.WaitForNextTickAsync(patience.Token);
        }
    }

    async Task ExecuteAsync(string sql)
    {
        await using var command = database.DataSource.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Ct);
    }
}
