using System.Net;
using System.Text.Json;
using Darkroom.Migrations;
using Darkroom.Migrations.Rows;
using Darkroom.Simulator;
using Darkroom.Tests.Api;
using Darkroom.Tests.Files;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Access;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Darkroom.Tests.Dashboard;

public sealed class Batch_pages : IAsyncLifetime
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    TestDatabase database = null!;
    SimulatorHost endpoint = null!;
    TestWorker worker = null!;
    HttpClient api = null!;
    Browser admin = null!;

    public async ValueTask InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        endpoint = await SimulatorHost.StartAsync(o => o.LatencyScale = 0);
        worker = await TestWorker.StartAsync(database, endpoint);
        api = worker.Client();
        admin = new Browser(worker.Address);
        using var entered = await admin.SignInAsync(TestWorker.AdminKey);
    }

    [Fact]
    public async Task An_empty_page_says_what_to_do_and_a_field_that_means_nothing_filters_nothing()
    {
        Assert.Contains("Upload a JSONL file", await admin.TextAsync("/batches"), StringComparison.Ordinal);
        Assert.Contains("No batch has this status", await admin.TextAsync("/batches?status=expired"), StringComparison.Ordinal);
        var page = await admin.TextAsync("/batches?status=lost&after=x");
        Assert.Contains("&#x27;lost&#x27; is no status", page, StringComparison.Ordinal);
        Assert.Contains("&#x27;x&#x27; is no batch id", page, StringComparison.Ordinal);
    }

    [Fact(Timeout = 90_000)]
    public async Task A_batch_shows_its_pictures_its_failed_lines_and_its_files()
    {
        var path = $"/batches/{await CreateAsync(["a heron", "a kettle", "<script>alert(1)</script> [[fault:moderation_blocked]]"])}";
        await UntilAsync(path, ">completed</span>");
        var page = await admin.TextAsync(path);

        Assert.Contains("2 succeeded, 1 failed, of 3 lines", page, StringComparison.Ordinal);
        Assert.Equal(2, page.Split("/thumbnails/0").Length - 1);
        Assert.Contains("refused the prompt", page, StringComparison.Ordinal);
        Assert.Contains("&lt;script&gt;alert(1)&lt;/script&gt;", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>alert", page, StringComparison.Ordinal);
        Assert.Contains("Autumn catalogue", await admin.TextAsync("/batches?status=completed"), StringComparison.Ordinal);
        Assert.Equal(2, (await admin.TextAsync(path + "/pictures")).Split("/thumbnails/0").Length - 1);
        foreach (var (link, type) in Links(page, "/files/").Select(l => (l, "application/")).Append((path + "/archive", "application/zip")))
        {
            using var file = await admin.GetAsync(link);
            Assert.Equal(HttpStatusCode.OK, file.StatusCode);
            Assert.StartsWith("attachment", file.Content.Headers.ContentDisposition!.ToString(), StringComparison.Ordinal);
            Assert.StartsWith(type, file.Content.Headers.ContentType!.ToString(), StringComparison.Ordinal);
        }
        Assert.Equal(3, Links(page, "/files/").Count);
    }

    [Fact(Timeout = 90_000)]
    public async Task What_did_not_succeed_is_retried_in_one_new_batch_though_pressed_twice()
    {
        var path = $"/batches/{await CreateAsync(["a kettle", "a heron [[fault:moderation_blocked x1]]"])}";
        await UntilAsync(path, ">completed</span>");
        var html = await admin.TextAsync(path);
        var key = html.Split("name=\"key\" value=\"")[1].Split('"')[0];

        using var once = await admin.PostAsync($"{path}/retry-failed", path, ("key", key));
        using var twice = await admin.PostAsync($"{path}/retry-failed", path, ("key", key));

        Assert.NotEqual(path, once.Headers.Location!.OriginalString);
        Assert.Equal(once.Headers.Location, twice.Headers.Location);
        await UntilAsync(once.Headers.Location.OriginalString, ">completed</span>");
        var made = await admin.TextAsync(once.Headers.Location.OriginalString);
        Assert.Contains($"<a href=\"{path}\">", made, StringComparison.Ordinal);
        using var nothing = await admin.PostAsync($"{once.Headers.Location.OriginalString}/retry-failed", path, ("key", "another"));
        Assert.Contains("nothing to retry", await admin.TextAsync(nothing.Headers.Location!.OriginalString), StringComparison.Ordinal);
    }

    [Fact(Timeout = 90_000)]
    public async Task A_batch_is_paused_resumed_and_cancelled_and_then_said_to_have_ended()
    {
        endpoint.Hold("slow");
        try
        {
            var path = $"/batches/{await CreateAsync(["slow 1", "slow 2"])}";
            await UntilAsync(path, ">in progress</span>");
            using var paused = await admin.PostAsync($"{path}/pause", path);
            Assert.Contains("Paused since", await admin.TextAsync(path), StringComparison.Ordinal);
            using var resumed = await admin.PostAsync($"{path}/resume", path);
            Assert.DoesNotContain("Paused since", await admin.TextAsync(path), StringComparison.Ordinal);
            using var cancelled = await admin.PostAsync($"{path}/cancel", path);
            Assert.Equal(path, cancelled.Headers.Location!.OriginalString);
            endpoint.Release();
            await UntilAsync(path, ">cancelled</span>");
            using var late = await admin.PostAsync($"{path}/pause", path);
            Assert.Contains("already ended", await admin.TextAsync(late.Headers.Location!.OriginalString), StringComparison.Ordinal);
        }
        finally
        {
            endpoint.Release();
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task Wrong_lines_are_named_as_text_and_nothing_was_submitted()
    {
        var file = await api.UploadAsync("""{"custom_id":"1","method":"POST","url":"/v1/images/generations","body":{"model":"<b>none</b>","prompt":"x"}}""");
        using var created = await api.PostJsonAsync("/v1/batches", $$"""{"input_file_id":"{{file.IdOf()}}"}""");
        var path = $"/batches/{(await created.JsonAsync()).IdOf()}";

        await UntilAsync(path, "Lines that are wrong");
        var page = await admin.TextAsync(path);
        Assert.Contains("<code>body.model</code>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<b>none", page, StringComparison.Ordinal);
        Assert.Contains("nothing was submitted", await admin.TextAsync("/batches"), StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_batch_of_another_project_does_not_exist_and_a_reader_changes_nothing()
    {
        var path = $"/batches/{await CreateAsync(["a kettle"])}";
        await UntilAsync(path, ">completed</span>");
        var file = Links(await admin.TextAsync(path), "/files/")[0];
        var keys = worker.Get<KeyAdministration>();
        var (other, _) = await keys.AddProjectAsync("other", Actor.Configuration, Cancel);
        using var stranger = new Browser(worker.Address);
        using var entered = await stranger.SignInAsync((await keys.AddKeyAsync(other, "stranger", [Scopes.Admin], Cancel)).Key!);
        using var reader = new Browser(worker.Address);
        using var read = await reader.SignInAsync((await keys.AddKeyAsync(await database.DefaultProjectAsync(), "reader", [Scopes.Read], Cancel)).Key!);

        foreach (var page in new[] { path, file, path + "/archive", path + "/pictures" })
            using (var answer = await stranger.GetAsync(page))
                Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        foreach (var change in new[] { "/cancel", "/pause", "/resume", "/retry-failed" })
        {
            using var answer = await stranger.PostAsync(path + change, "/");
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
            using var refused = await reader.PostAsync(path + change, "/");
            Assert.Equal("/sign-in", refused.Headers.Location!.AbsolutePath);
        }
        Assert.DoesNotContain(path, await stranger.TextAsync("/batches"), StringComparison.Ordinal);
        // A file of the project that is not this batch's.
        var foreign = (await api.UploadAsync("{}")).IdOf();
        using var notIts = await admin.GetAsync($"{path}/files/{foreign}");
        Assert.Equal(HttpStatusCode.NotFound, notIts.StatusCode);
    }

    [Fact(Timeout = 60_000)]
    public async Task Jobs_are_filtered_by_the_key_that_submitted_them()
    {
        var (_, key, _) = await worker.Get<KeyAdministration>().AddKeyAsync(new NewKey(await database.DefaultProjectAsync(), "night shift", [Scopes.Submit]), Actor.Configuration, Cancel);
        using var night = new HttpClient { BaseAddress = worker.Address };
        night.DefaultRequestHeaders.Authorization = new("Bearer", key);
        using var one = await night.PostJsonAsync("/v1/jobs", """{"model":"gpt-image-1.5","prompt":"by night","not_before":"2099-01-01T00:00:00Z"}""");
        using var two = await api.PostJsonAsync("/v1/jobs", """{"model":"gpt-image-1.5","prompt":"by day","not_before":"2099-01-01T00:00:00Z"}""");
        await using var db = await DbAsync();
        var id = await db.ApiKeys.Where(k => k.Name == "night shift").Select(k => k.Id).SingleAsync(Cancel);

        var page = await admin.TextAsync($"/jobs?key=key_{id:n}");

        Assert.Contains("by night", page, StringComparison.Ordinal);
        Assert.DoesNotContain("by day", page, StringComparison.Ordinal);
        Assert.Contains("night shift</option>", page, StringComparison.Ordinal);
        Assert.Contains("<dd>night shift</dd>", await admin.TextAsync($"/jobs/{(await one.JsonAsync()).IdOf()}"), StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task The_overview_names_batches_and_receivers_that_need_a_person()
    {
        using var made = await api.PostJsonAsync("/v1/webhook_endpoints", """{"url":"https://example.com/<b>gone"}""");
        using var quiet = await api.PostJsonAsync("/v1/webhook_endpoints", """{"url":"https://example.com/mine"}""");
        await using var db = await DbAsync();
        await db.Database.ExecuteSqlAsync($"UPDATE darkroom.webhook_endpoints SET disabled_at = darkroom.now(), disabled_reason = CASE WHEN url LIKE '%mine' THEN 'A person disabled it.' ELSE 'It answered 410.' END", Cancel);
        endpoint.Hold("slow");
        var batch = await CreateAsync(["slow"]);
        await UntilAsync($"/batches/{batch}", ">in progress</span>");
        await db.Database.ExecuteSqlAsync($"UPDATE darkroom.batches SET held = 1", Cancel);

        await UntilAsync("/", "A batch waits for you:");
        var page = await admin.TextAsync("/");
        Assert.Contains("1 of its lines is held", page, StringComparison.Ordinal);
        Assert.Contains("Webhooks to https://example.com/&lt;b&gt;gone are off", page, StringComparison.Ordinal);
        Assert.Contains("It answered 410.", page, StringComparison.Ordinal);
        Assert.DoesNotContain("/mine", page, StringComparison.Ordinal);
        endpoint.Release();
    }

    async Task<string> CreateAsync(string[] prompts)
    {
        var file = await api.UploadAsync(string.Join('\n', prompts.Select((prompt, i) => JsonSerializer.Serialize(new
        {
            custom_id = $"line-{i}",
            method = "POST",
            url = "/v1/images/generations",
            body = new { model = "gpt-image-1.5", prompt, quality = "low" },
        }))));
        using var created = await api.PostJsonAsync("/v1/batches", $$$"""{"input_file_id":"{{{file.IdOf()}}}","metadata":{"name":"Autumn catalogue"}}""");
        return (await created.JsonAsync()).IdOf();
    }

    /// <summary>The page itself says when: it is what people look at.</summary>
    async Task UntilAsync(string path, string text)
    {
        while (!(await admin.TextAsync(path)).Contains(text, StringComparison.Ordinal))
            Cancel.ThrowIfCancellationRequested();
    }

    static List<string> Links(string page, string part) =>
        [.. page.Split("href=\"").Skip(1).Select(rest => rest.Split('"')[0]).Where(link => link.Contains(part, StringComparison.Ordinal))];

    Task<DarkroomDb> DbAsync() => worker.Get<IDbContextFactory<DarkroomDb>>().CreateDbContextAsync(Cancel);

    public async ValueTask DisposeAsync()
    {
        admin.Dispose();
        api.Dispose();
        await worker.DisposeAsync();
        await endpoint.DisposeAsync();
        await database.DisposeAsync();
    }
}
