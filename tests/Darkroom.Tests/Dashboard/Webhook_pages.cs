using System.Net;
using System.Text;
using Darkroom.Migrations;
using Darkroom.Migrations.Rows;
using Darkroom.Simulator;
using Darkroom.Tests.Infrastructure;
using Darkroom.Tests.Webhooks;
using Darkroom.Worker.Access;
using Darkroom.Worker.Dashboard.Webhooks;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Darkroom.Tests.Dashboard;

public sealed class Webhook_pages : IAsyncLifetime
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    TestDatabase database = null!;
    SimulatorHost endpoint = null!;
    TestReceiver receiver = null!;
    TestWorker worker = null!;
    Browser admin = null!;
    Browser reader = null!;

    public async ValueTask InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        endpoint = await SimulatorHost.StartAsync(o => o.LatencyScale = 0);
        receiver = await TestReceiver.StartAsync();
        worker = await TestWorker.StartAsync(
            database, endpoint, "Darkroom:Webhooks:AllowHttp=true", "Darkroom:Webhooks:AllowedNetworks:0=127.0.0.0/8", "Darkroom:Webhooks:Schedule:0=00:00:00");
        (admin, reader) = (new Browser(worker.Address), new Browser(worker.Address));
        using var entered = await admin.SignInAsync(TestWorker.AdminKey);
        using var read = await reader.SignInAsync((await worker.Get<KeyAdministration>().AddKeyAsync(await database.DefaultProjectAsync(), "reader", [Scopes.Read], Cancel)).Key!);
    }

    [Fact]
    public async Task An_empty_page_says_what_to_do()
    {
        Assert.Contains("Register the URL of a program", await admin.TextAsync("/webhooks"), StringComparison.Ordinal);
        Assert.Contains("the scope &#x27;submit&#x27;", await reader.TextAsync("/webhooks"), StringComparison.Ordinal);
        Assert.Contains("Nothing has been sent yet. <a href=\"/webhooks\">", await admin.TextAsync("/webhooks/deliveries"), StringComparison.Ordinal);
        Assert.Contains("No delivery matches this filter", await admin.TextAsync("/webhooks/deliveries?status=failed"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_receiver_is_registered_and_its_secret_shown_once()
    {
        using var made = await admin.PostAsync("/webhooks", "/webhooks", ("url", receiver.Url), ("event", "job.failed"), ("event", "job.held"));
        var page = await made.Content.ReadAsStringAsync(Cancel);
        var row = await ReceiverAsync();
        var path = $"/webhooks/whe_{row.Id:n}";

        Assert.Equal(HttpStatusCode.OK, made.StatusCode);
        Assert.StartsWith("whsec_", Secret(page), StringComparison.Ordinal);
        Assert.Equal(["job.failed", "job.held"], row.Events);
        Assert.DoesNotContain("whsec_", await admin.TextAsync(path), StringComparison.Ordinal);
        Assert.Contains("job.failed, job.held", await admin.TextAsync("/webhooks"), StringComparison.Ordinal);

        using var rotated = await admin.PostAsync($"{path}/rotate", path);
        var after = await rotated.Content.ReadAsStringAsync(Cancel);
        Assert.NotEqual(Secret(page), Secret(after));
        Assert.Contains("signs too until", after, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://10.0.0.1/hook", "job.failed", "The URL must not point into a private network")]
    [InlineData("nonsense", "job.failed", "The URL must be an absolute http or https URL")]
    [InlineData("https://example.com/hook", "job.exploded", "Choose at least one event")]
    [InlineData("\"><script>alert(1)</script>", "job.failed", "Nothing was registered")]
    public async Task A_registration_that_cannot_be_is_refused_in_words_and_the_form_keeps_what_was_typed(string url, string name, string words)
    {
        using var answer = await admin.PostAsync("/webhooks", "/webhooks", ("url", url), ("event", name));
        var page = await answer.Content.ReadAsStringAsync(Cancel);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.Contains(words, page, StringComparison.Ordinal);
        Assert.Contains($"value=\"{WebUtility.HtmlEncode(url)}\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>alert", page, StringComparison.Ordinal);
        await using var db = await DbAsync();
        Assert.False(await db.WebhookEndpoints.AnyAsync(Cancel));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_test_event_leads_to_its_delivery_whose_attempts_show_the_answer_as_text()
    {
        receiver.Answer = async (http, number) =>
        {
            http.Response.StatusCode = number == 1 ? 500 : 200;
            await http.Response.WriteAsync("<script>alert(1)</script>", Cancel);
        };
        var path = await RegisterAsync();

        using var sent = await admin.PostAsync($"{path}/test", path);
        var delivery = sent.Headers.Location!.OriginalString;
        await receiver.WaitForAsync(2, Cancel);
        await UntilAsync(delivery, "<span class=\"badge succeeded\" role=\"status\">");
        var page = await admin.TextAsync(delivery);

        Assert.Contains("HTTP 500", page, StringComparison.Ordinal);
        Assert.Contains("The receiver answered 500.", page, StringComparison.Ordinal);
        Assert.Contains("<pre>&lt;script&gt;alert(1)&lt;/script&gt;</pre>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>alert", page, StringComparison.Ordinal);
        Assert.Contains("webhook.test</a>", await admin.TextAsync(path), StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task What_failed_is_found_by_its_filter_sent_again_alone_and_all_together()
    {
        receiver.Answer = (http, number) => Task.FromResult(http.Response.StatusCode = number <= 4 ? 503 : 204);
        var path = await RegisterAsync();
        foreach (var _ in new[] { 1, 2 })
            using (await admin.PostAsync($"{path}/test", path))
                await receiver.WaitForAsync(2, Cancel);
        await UntilAsync("/webhooks/deliveries?status=failed", ">webhook.test</a>", times: 2);
        Assert.Contains("failing", await admin.TextAsync("/webhooks"), StringComparison.Ordinal);
        var one = await OneAsync(WebhookStatus.Failed);

        using var resent = await admin.PostAsync($"/webhooks/deliveries/msg_{one:n}/resend", path);
        await receiver.WaitForAsync(1, Cancel);
        using var recovered = await admin.PostAsync("/webhooks/deliveries/recover", path, ("since", "2020-01-01T00:00"), ("receiver", ""));
        Assert.Equal("/webhooks/deliveries?recovered=1", recovered.Headers.Location!.OriginalString);
        Assert.Contains("1 failed delivery is sent again.", await admin.TextAsync(recovered.Headers.Location.OriginalString), StringComparison.Ordinal);
        await receiver.WaitForAsync(1, Cancel);
        await UntilAsync("/webhooks/deliveries?status=succeeded&type=webhook.test", "badge succeeded", times: 2);
        Assert.Contains("No delivery matches", await admin.TextAsync("/webhooks/deliveries?status=failed"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("yesterday-ish", "")]
    [InlineData("2020-01-01T00:00", "whe_nonsense")]
    public async Task A_recovery_that_means_nothing_is_refused(string since, string to)
    {
        using var answer = await admin.PostAsync("/webhooks/deliveries/recover", "/webhooks", ("since", since), ("receiver", to));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task A_receiver_is_disabled_enabled_and_deleted()
    {
        var path = await RegisterAsync();

        using var disabled = await admin.PostAsync($"{path}/disable", path);
        Assert.Contains("A person disabled it.", await admin.TextAsync("/webhooks"), StringComparison.Ordinal);
        Assert.DoesNotContain("/test", await admin.TextAsync(path), StringComparison.Ordinal);
        using var enabled = await admin.PostAsync($"{path}/enable", path);
        Assert.Contains("badge enabled", await admin.TextAsync(path), StringComparison.Ordinal);
        using var deleted = await admin.PostAsync($"{path}/delete", path);

        Assert.Equal("/webhooks", deleted.Headers.Location!.OriginalString);
        using var gone = await admin.GetAsync(path);
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
        Assert.Contains("There is no such receiver", await gone.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reader_sees_no_button_and_a_forged_form_of_theirs_changes_nothing()
    {
        var path = await RegisterAsync();
        var row = await ReceiverAsync();

        Assert.DoesNotContain("<button type=\"submit\" class=\"danger\"", await reader.TextAsync(path), StringComparison.Ordinal);
        Assert.DoesNotContain("own-secret", await reader.TextAsync("/webhooks"), StringComparison.Ordinal);
        foreach (var change in new[] { $"{path}/rotate", $"{path}/test", $"{path}/disable", $"{path}/delete", "/webhooks", "/webhooks/own-secret", "/webhooks/deliveries/recover" })
        {
            using var answer = await reader.PostAsync(change, "/", ("url", receiver.Url), ("event", "job.failed"), ("since", "2020-01-01T00:00"));
            Assert.Equal("/sign-in", answer.Headers.Location!.AbsolutePath);
        }
        Assert.Equal(row.Secret, (await ReceiverAsync()).Secret);
        await using var db = await DbAsync();
        Assert.False(await db.WebhookDeliveries.AnyAsync(Cancel));
    }

    [Fact]
    public async Task Receivers_and_deliveries_of_another_project_do_not_exist()
    {
        var keys = worker.Get<KeyAdministration>();
        await keys.AddProjectAsync("other", Actor.Configuration, Cancel);
        await using var db = await DbAsync();
        var other = await db.Projects.Where(p => p.Name == "other").Select(p => p.Id).SingleAsync(Cancel);
        var path = await RegisterAsync();
        using var sent = await admin.PostAsync($"{path}/test", path);
        using var stranger = new Browser(worker.Address);
        using var entered = await stranger.SignInAsync((await keys.AddKeyAsync(other, "stranger", [Scopes.Admin], Cancel)).Key!);

        foreach (var page in new[] { path, sent.Headers.Location!.OriginalString })
        {
            using var answer = await stranger.GetAsync(page);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }
        using var rotated = await stranger.PostAsync($"{path}/rotate", "/");
        Assert.Equal(HttpStatusCode.NotFound, rotated.StatusCode);
        Assert.DoesNotContain(receiver.Url, await stranger.TextAsync("/webhooks"), StringComparison.Ordinal);
        Assert.DoesNotContain("webhook.test</a>", await stranger.TextAsync("/webhooks/deliveries"), StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_shows_who_was_told_of_it()
    {
        using var api = worker.Client();
        using var body = new StringContent($$"""{"model":"gpt-image-1.5","prompt":"a kettle","quality":"low","webhook_url":"{{receiver.Url}}"}""", Encoding.UTF8, "application/json");
        using var sent = await api.PostAsync(new Uri("/v1/jobs", UriKind.Relative), body, Cancel);
        var job = sent.Headers.Location!.Segments[^1];
        await receiver.WaitForAsync(1, Cancel);

        await UntilAsync($"/jobs/{job}", "Webhook deliveries");
        Assert.Contains("job.succeeded", await admin.TextAsync($"/jobs/{job}"), StringComparison.Ordinal);
        Assert.Contains($"/jobs/{job}", await admin.TextAsync($"/webhooks/deliveries?job={job}&receiver=own"), StringComparison.Ordinal);
        using var secret = await admin.PostAsync("/webhooks/own-secret", "/webhooks");
        Assert.StartsWith("whsec_", Secret(await secret.Content.ReadAsStringAsync(Cancel)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pages_of_deliveries_follow_each_other_without_gap_or_repetition_under_any_filter()
    {
        var project = await database.DefaultProjectAsync();
        await using var db = await DbAsync();
        await db.Database.ExecuteSqlAsync($"""
            INSERT INTO darkroom.webhook_deliveries (id, project_id, url, receiver, type, status, attempts, ticket, due_at, created_at)
            SELECT gen_random_uuid(), {project}, 'https://example.com/hook', 'https://example.com', CASE WHEN i % 2 = 0 THEN 'job.failed' ELSE 'job.held' END,
                   CASE WHEN i % 3 = 0 THEN 'failed' ELSE 'succeeded' END, 1, 0, darkroom.now(), darkroom.now() - (i / 4) * interval '1 minute'
            FROM generate_series(1, 120) AS i
            """, Cancel);

        foreach (var (filter, expected) in new[] { ("", 120), ("?status=failed", 40), ("?type=job.held", 60), ("?receiver=own&status=failed,succeeded", 120) })
        {
            var query = DeliveriesQuery.Parse(new QueryCollection(Microsoft.AspNetCore.WebUtilities.QueryHelpers.ParseQuery(filter)));
            var seen = new List<Guid>();
            do
            {
                var page = await DeliveryPages.ReadAsync(db, project, query, 17, Cancel);
                seen.AddRange(page.Rows.Select(d => d.Id));
                query = query with { After = page.More };
            }
            while (query.After is not null);
            Assert.Equal((expected, expected), (seen.Count, seen.Distinct().Count()));
        }
    }

    [Fact]
    public async Task A_field_that_means_nothing_is_said_to_filter_nothing_and_no_page_logs_a_warning()
    {
        var before = worker.Log.AtLeast(LogLevel.Warning).Count();
        var page = await admin.TextAsync("/webhooks/deliveries?status=lost&receiver=me&type=<b>&job=1&after=x");

        foreach (var said in new[] { "'lost' is no status", "'me' is no receiver", "'<b>' is no type", "'1' is no job id", "'x' is no delivery" })
            Assert.Contains(WebUtility.HtmlEncode(said).Replace("&#39;", "&#x27;", StringComparison.Ordinal), page, StringComparison.Ordinal);
        await admin.TextAsync("/webhooks");
        Assert.Empty(worker.Log.AtLeast(LogLevel.Warning).Skip(before));
    }

    async Task<string> RegisterAsync()
    {
        using var made = await admin.PostAsync("/webhooks", "/webhooks", ("url", receiver.Url), ("event", "job.failed"));
        Assert.Equal(HttpStatusCode.OK, made.StatusCode);
        return $"/webhooks/whe_{(await ReceiverAsync()).Id:n}";
    }

    /// <summary>The page itself says when: it is what people look at.</summary>
    async Task UntilAsync(string path, string text, int times = 1)
    {
        while ((await admin.TextAsync(path)).Split("<main")[1].Split(text).Length - 1 < times)
            Cancel.ThrowIfCancellationRequested();
    }

    static string Secret(string page) => page[(page.IndexOf("id=\"secret\">", StringComparison.Ordinal) + 12)..].Split('<')[0];

    async Task<WebhookEndpoint> ReceiverAsync()
    {
        await using var db = await DbAsync();
        return await db.WebhookEndpoints.AsNoTracking().SingleAsync(e => e.Url != null, Cancel);
    }

    async Task<Guid> OneAsync(string status)
    {
        await using var db = await DbAsync();
        return await db.WebhookDeliveries.Where(d => d.Status == status).OrderBy(d => d.Id).Select(d => d.Id).FirstAsync(Cancel);
    }

    Task<DarkroomDb> DbAsync() => worker.Get<IDbContextFactory<DarkroomDb>>().CreateDbContextAsync(Cancel);

    public async ValueTask DisposeAsync()
    {
        admin.Dispose();
        reader.Dispose();
        await worker.DisposeAsync();
        await receiver.DisposeAsync();
        await endpoint.DisposeAsync();
        await database.DisposeAsync();
    }
}
