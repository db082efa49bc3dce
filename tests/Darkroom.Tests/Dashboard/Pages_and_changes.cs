using System.Net;
using System.Text;
using System.Text.Json;
using Darkroom.Migrations;
using Darkroom.Migrations.Rows;
using Darkroom.Simulator;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Access;
using Darkroom.Worker.Dashboard;
using Darkroom.Worker.Dashboard.Jobs;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Darkroom.Tests.Dashboard;

public sealed class Pages_and_changes : IAsyncLifetime
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    TestDatabase database = null!;
    SimulatorHost endpoint = null!;
    TestWorker worker = null!;
    Browser admin = null!;
    Browser reader = null!;

    public async ValueTask InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        endpoint = await SimulatorHost.StartAsync(o => o.LatencyScale = 0);
        worker = await TestWorker.StartAsync(database, endpoint);
        (admin, reader) = (new Browser(worker.Address), new Browser(worker.Address));
        using var entered = await admin.SignInAsync(TestWorker.AdminKey);
        var project = await ProjectAsync();
        using var read = await reader.SignInAsync((await worker.Get<KeyAdministration>().AddKeyAsync(project, "reader", [Scopes.Read], Cancel)).Key!);
    }

    [Fact]
    public async Task A_prompt_full_of_markup_shows_as_text_on_every_page_that_shows_it()
    {
        const string markup = "<img src=x onerror=alert(1)><script>alert(2)</script>\" onmouseover=\"alert(3)";
        var id = await SubmitAsync(markup, delayed: true);

        foreach (var path in new[] { "/jobs", $"/jobs/{id}", "/jobs?q=" + Uri.EscapeDataString(markup), "/jobs?model=" + Uri.EscapeDataString(markup) })
        {
            var page = await admin.TextAsync(path);
            Assert.DoesNotContain("<img src=x", page, StringComparison.Ordinal);
            Assert.DoesNotContain("<script>alert", page, StringComparison.Ordinal);
            Assert.DoesNotContain("\" onmouseover", page, StringComparison.Ordinal);
        }
        Assert.Contains("&lt;img src=x onerror=alert(1)&gt;", await admin.TextAsync($"/jobs/{id}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reader_sees_no_button_and_a_forged_form_of_theirs_changes_nothing()
    {
        var id = await SubmitAsync("a kettle", delayed: true);

        Assert.DoesNotContain("/cancel", await reader.TextAsync($"/jobs/{id}"), StringComparison.Ordinal);
        using var cancelled = await reader.PostAsync($"/jobs/{id}/cancel", "/");
        using var paused = await reader.PostAsync("/settings/endpoints/default/pause", "/");
        using var settings = await reader.GetAsync("/settings");
        Assert.All([cancelled, paused, settings], answer => Assert.Equal("/sign-in", answer.Headers.Location!.AbsolutePath));
        Assert.Equal(JobStatus.Queued, (await JobAsync(id)).Status);
        await using var db = await DbAsync();
        Assert.Equal(EndpointState.Active, await db.Endpoints.Select(e => e.State).SingleAsync(Cancel));
    }

    [Fact]
    public async Task A_form_of_another_site_changes_nothing()
    {
        var id = await SubmitAsync("a kettle", delayed: true);

        using var answer = await admin.SendAsync($"/jobs/{id}/cancel");

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(JobStatus.Queued, (await JobAsync(id)).Status);
    }

    [Fact]
    public async Task A_job_is_cancelled_once_and_then_said_to_have_ended()
    {
        var id = await SubmitAsync("a kettle", delayed: true);

        using var first = await admin.PostAsync($"/jobs/{id}/cancel", "/");
        using var second = await admin.PostAsync($"/jobs/{id}/cancel", "/");

        Assert.Equal(JobStatus.Canceled, (await JobAsync(id)).Status);
        Assert.Equal($"/jobs/{id}", first.Headers.Location!.OriginalString);
        Assert.Contains("nothing to cancel", await admin.TextAsync(second.Headers.Location!.OriginalString), StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_bulk_action_changes_the_filtered_jobs_and_no_others()
    {
        var kettles = new List<string>();
        for (var i = 0; i < 3; i++)
            kettles.Add(await SubmitAsync("a kettle", delayed: true, model: "gpt-image-1"));
        var other = await SubmitAsync("a heron", delayed: true);

        using var begun = await admin.PostAsync("/jobs/bulk", "/", ("kind", "cancel"), ("filter", "?model=gpt-image-1"));
        await FinishedAsync();

        Assert.Equal("/jobs?model=gpt-image-1", begun.Headers.Location!.OriginalString);
        Assert.All(await Task.WhenAll(kettles.Select(JobAsync)), job => Assert.Equal(JobStatus.Canceled, job.Status));
        Assert.Equal(JobStatus.Queued, (await JobAsync(other)).Status);
        Assert.Contains("<b>3</b> jobs done", await admin.TextAsync("/jobs"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cancel", "?status=succeeded")]
    [InlineData("retry", "?status=queued")]
    [InlineData("cancel", "?batch=nonsense")]
    [InlineData("delete", "")]
    public async Task A_bulk_action_that_means_nothing_is_refused(string kind, string filter)
    {
        using var answer = await admin.PostAsync("/jobs/bulk", "/", ("kind", kind), ("filter", filter));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        await using var db = await DbAsync();
        Assert.False(await db.BulkActions.AnyAsync(Cancel));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_thumbnail_is_small_made_once_and_only_for_its_project()
    {
        var id = await SubmitAsync("a kettle", delayed: false);
        await new Rows(database).WaitForAsync([Guid.Parse(id[4..])], [JobStatus.Succeeded], Cancel);

        using var small = await admin.GetAsync($"/jobs/{id}/thumbnails/0");
        var bytes = await small.Content.ReadAsByteArrayAsync(Cancel);
        // The second comes from the database: its picture is gone from the store.
        Directory.Delete(worker.ImagesPath, recursive: true);
        using var again = await admin.GetAsync($"/jobs/{id}/thumbnails/0");
        using var none = await admin.GetAsync($"/jobs/{id}/thumbnails/1");

        Assert.Equal("image/webp", small.Content.Headers.ContentType!.MediaType);
        Assert.InRange(bytes.Length, 100, 60_000);
        Assert.Equal(bytes, await again.Content.ReadAsByteArrayAsync(Cancel));
        Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);
        Assert.Null(await worker.Get<Thumbnails>().GetAsync(Guid.CreateVersion7(), Guid.Parse(id[4..]), 0, Cancel));
    }

    [Fact(Timeout = 60_000)]
    public async Task Usage_shows_as_page_and_as_CSV_with_the_same_figures()
    {
        Assert.Contains("No attempt ended in these days", await admin.TextAsync("/usage"), StringComparison.Ordinal);
        var id = await SubmitAsync("a kettle", delayed: false);
        await new Rows(database).WaitForAsync([Guid.Parse(id[4..])], [JobStatus.Succeeded], Cancel);

        var csv = (await admin.TextAsync("/usage.csv?by=model")).Split("\r\n");
        var page = await admin.TextAsync("/usage?by=model");

        Assert.StartsWith("model,images,attempts,", csv[0], StringComparison.Ordinal);
        Assert.StartsWith("\"gpt-image-1.5\",1,1,0,", csv[1], StringComparison.Ordinal);
        Assert.Contains("<th scope=\"row\">gpt-image-1.5</th>", page, StringComparison.Ordinal);
        Assert.Contains("<rect class=\"useful\"", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_is_shown_once_works_and_ends_with_its_revocation()
    {
        var project = await ProjectAsync();
        using var made = await admin.PostAsync("/settings/keys", "/settings", ("name", "a <b>new</b> key"), ("project", $"proj_{project:n}"), ("scope", "read"));
        var page = await made.Content.ReadAsStringAsync(Cancel);
        var key = page[(page.IndexOf("id=\"secret\">", StringComparison.Ordinal) + 12)..].Split('<')[0];

        Assert.StartsWith("dk_", key, StringComparison.Ordinal);
        Assert.Contains("a &lt;b&gt;new&lt;/b&gt; key", page, StringComparison.Ordinal);
        Assert.DoesNotContain(key, await admin.TextAsync("/settings"), StringComparison.Ordinal);
        using var holder = new Browser(worker.Address);
        using var entered = await holder.SignInAsync(key);
        Assert.Equal(HttpStatusCode.Found, entered.StatusCode);

        await using var db = await DbAsync();
        var id = await db.ApiKeys.Where(k => k.Name == "a <b>new</b> key").Select(k => k.Id).SingleAsync(Cancel);
        using var revoked = await admin.PostAsync($"/settings/keys/key_{id:n}/revoke", "/settings");
        Assert.NotNull(await db.ApiKeys.Where(k => k.Id == id).Select(k => k.RevokedAt).SingleAsync(Cancel));
    }

    [Theory]
    [InlineData("", "read", "A name has 1 to 100")]
    [InlineData("named", "everything", "Choose what the key may do")]
    public async Task A_key_that_cannot_be_made_is_refused_in_words(string name, string scope, string words)
    {
        using var answer = await admin.PostAsync("/settings/keys", "/settings", ("name", name), ("project", $"proj_{await ProjectAsync():n}"), ("scope", scope));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.Contains(words, await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fifty_viewers_of_the_overview_cost_one_reading()
    {
        var snapshot = worker.Get<OverviewSnapshot>();
        var project = await ProjectAsync();
        await snapshot.ReadAsync(project);
        var before = snapshot.Readings;

        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => snapshot.ReadAsync(project)));

        Assert.InRange(snapshot.Readings - before, 0, 1);
    }

    [Fact]
    public async Task Looking_at_pages_logs_no_warning()
    {
        await SubmitAsync("a kettle", delayed: true);
        var before = worker.Log.AtLeast(LogLevel.Warning).Count();

        foreach (var path in new[] { "/", "/jobs", "/jobs?q=kettle&model=none", "/usage", "/settings" })
            await admin.TextAsync(path);

        Assert.Empty(worker.Log.AtLeast(LogLevel.Warning).Skip(before));
    }

    [Fact]
    public async Task A_job_of_nobody_is_said_to_be_missing()
    {
        using var answer = await admin.GetAsync("/jobs/job_00000000000000000000000000000000");

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Contains("There is no such job", await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    async Task<string> SubmitAsync(string prompt, bool delayed, string model = "gpt-image-1.5")
    {
        using var api = worker.Client();
        var body = JsonSerializer.Serialize(delayed ? new { model, prompt, quality = "low", not_before = "2099-01-01T00:00:00Z" } : (object)new { model, prompt, quality = "low" });
        using var sent = await api.PostAsync(new Uri("/v1/jobs", UriKind.Relative), new StringContent(body, Encoding.UTF8, "application/json"), Cancel);
        Assert.Equal(HttpStatusCode.Accepted, sent.StatusCode);
        return JsonElement.Parse(await sent.Content.ReadAsStringAsync(Cancel)).GetProperty("id").GetString()!;
    }

    /// <summary>The page itself says when: it is what people look at.</summary>
    async Task FinishedAsync()
    {
        while (!(await admin.TextAsync("/jobs")).Contains("Finished.", StringComparison.Ordinal))
            Cancel.ThrowIfCancellationRequested();
    }

    async Task<Job> JobAsync(string id)
    {
        await using var db = await DbAsync();
        var jobId = Guid.Parse(id[4..]);
        return await db.Jobs.AsNoTracking().SingleAsync(j => j.Id == jobId, Cancel);
    }

    async Task<Guid> ProjectAsync()
    {
        await using var db = await DbAsync();
        return await db.Projects.Select(p => p.Id).SingleAsync(Cancel);
    }

    Task<DarkroomDb> DbAsync() => worker.Get<IDbContextFactory<DarkroomDb>>().CreateDbContextAsync(Cancel);

    public async ValueTask DisposeAsync()
    {
        admin.Dispose();
        reader.Dispose();
        await worker.DisposeAsync();
        await endpoint.DisposeAsync();
        await database.DisposeAsync();
    }
}
