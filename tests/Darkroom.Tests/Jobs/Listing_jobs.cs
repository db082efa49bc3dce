using System.Net;
using System.Text.Json;
using Darkroom.Migrations.Rows;
using Darkroom.Tests.Api;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Api;
using Xunit;

namespace Darkroom.Tests.Jobs;

/// <summary>Every test has a project of its own in one database.</summary>
public sealed class Listing_jobs(ApiHost host) : IClassFixture<ApiHost>
{
    static readonly DateTimeOffset Start = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pages_hold_every_job_once_newest_first_even_where_many_were_created_in_the_same_instant()
    {
        var (client, project) = await ProjectAsync();
        await AddAsync(Enumerable.Range(0, 45).Select(i => Job(project, Start.AddSeconds(i / 20))));

        var pages = await PagesAsync(client, "limit=7");

        Assert.Equal([7, 7, 7, 7, 7, 7, 3], pages.Select(p => p.GetProperty("data").GetArrayLength()));
        var seen = pages.SelectMany(p => p.GetProperty("data").EnumerateArray()).ToList();
        Assert.Equal(45, seen.Select(Id).Distinct().Count());
        Assert.Equal(seen.OrderByDescending(j => j.GetProperty("created_at").GetDateTimeOffset()).ThenByDescending(Id).Select(Id), seen.Select(Id));
        Assert.All(pages, p => Assert.Equal("list", p.GetProperty("object").GetString()));
        Assert.Equal((Id(seen[0]), Id(seen[6])), (pages[0].GetProperty("first_id").GetString(), pages[0].GetProperty("last_id").GetString()));
    }

    [Fact]
    public async Task A_page_has_twenty_jobs_if_none_is_asked_for_and_an_empty_one_has_no_ids()
    {
        var (client, project) = await ProjectAsync();
        var empty = await client.GetJsonAsync("/v1/jobs");
        await AddAsync(Enumerable.Range(0, 21).Select(i => Job(project, Start.AddSeconds(i))));

        var page = await client.GetJsonAsync("/v1/jobs");

        Assert.Equal((20, true), (page.GetProperty("data").GetArrayLength(), page.GetProperty("has_more").GetBoolean()));
        Assert.Equal("""{"object":"list","data":[],"first_id":null,"last_id":null,"has_more":false}""", empty.GetRawText());
    }

    [Fact]
    public async Task Filters_combine_and_several_statuses_are_merged_in_order()
    {
        var (client, project) = await ProjectAsync();
        var batch = Guid.CreateVersion7();
        string[] states = [JobStatus.Succeeded, JobStatus.Failed, JobStatus.Held];
        await AddAsync(Enumerable.Range(0, 30).Select(i => Job(project, Start.AddMinutes(i), states[i % 3], i % 2 == 0 ? batch : null, $"line {i % 5}")));

        Assert.Equal(10, await CountAsync(client, "status=held"));
        Assert.Equal(20, await CountAsync(client, "status=held,failed"));
        Assert.Equal(20, await CountAsync(client, "status=held&status=failed&status=held"));
        Assert.Equal(0, await CountAsync(client, "status=queued"));
        Assert.Equal(15, await CountAsync(client, $"batch_id={WireId.Batch.Format(batch)}"));
        Assert.Equal(5, await CountAsync(client, $"batch_id={WireId.Batch.Format(batch)}&status=held"));
        Assert.Equal(6, await CountAsync(client, "custom_id=line%203"));
        Assert.Equal(2, await CountAsync(client, "custom_id=line%203&status=succeeded"));
        Assert.Equal(9, await CountAsync(client, $"created_after={Uri.EscapeDataString(Start.AddMinutes(20).ToString("O"))}"));
        Assert.Equal(9, await CountAsync(client, "created_after=2026-01-31T13:20:00+01:00"));
        Assert.Equal(20, await CountAsync(client, $"created_before={Start.AddMinutes(20).ToUnixTimeSeconds()}"));
        Assert.Equal(4, await CountAsync(client, $"created_after=2026-01-31T12:10:00Z&created_before=2026-01-31T12:15:00Z"));

        var pages = await PagesAsync(client, "status=held,failed&limit=3");
        var times = pages.SelectMany(p => p.GetProperty("data").EnumerateArray()).Select(j => j.GetProperty("created_at").GetDateTimeOffset()).ToList();
        Assert.Equal(20, times.Count);
        Assert.Equal(times.OrderDescending(), times);
    }

    [Fact]
    public async Task Jobs_of_other_projects_are_not_seen_and_are_no_cursor()
    {
        var (mine, _) = await ProjectAsync();
        var (_, theirs) = await ProjectAsync();
        var job = Job(theirs, Start);
        await AddAsync([job]);
        var id = WireId.Job.Format(job.Id);

        Assert.Equal(0, await CountAsync(mine, ""));
        Assert.Equal(0, await CountAsync(host.Admin, "created_before=2026-01-31T12:00:01Z"));
        Assert.Equal("after", await RefusedAsync(mine, $"after={id}"));
        foreach (var path in new[] { $"/v1/jobs/{id}", $"/v1/jobs/{id}/attempts", $"/v1/jobs/{id}/images/0" })
        {
            using var answer = await mine.GetAsync(new Uri(path, UriKind.Relative), Cancel);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }
        foreach (var verb in new[] { "cancel", "retry" })
        {
            using var answer = await mine.PostAsync(new Uri($"/v1/jobs/{id}/{verb}", UriKind.Relative), null, Cancel);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }
        await using var db = await host.DbAsync();
        Assert.Equal(JobStatus.Queued, (await db.Jobs.FindAsync([job.Id], Cancel))!.Status);
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=101", "limit")]
    [InlineData("limit=ten", "limit")]
    [InlineData("limit=", "limit")]
    [InlineData("limit=+5", "limit")]
    [InlineData("limit=5&limit=6", "limit")]
    [InlineData("after=x", "after")]
    [InlineData("after=batch_00000000000070008000000000000000", "after")]
    [InlineData("after=job_00000000000070008000000000000000", "after")]
    [InlineData("status=done", "status")]
    [InlineData("status=queued,done", "status")]
    [InlineData("status=", "status")]
    [InlineData("status=QUEUED", "status")]
    [InlineData("batch_id=7", "batch_id")]
    [InlineData("custom_id=", "custom_id")]
    [InlineData("custom_id=%00", "custom_id")]
    [InlineData("created_after=yesterday", "created_after")]
    [InlineData("created_after=-1", "created_after")]
    [InlineData("created_before=2026-01-31", "created_before")]
    [InlineData("stauts=queued", "stauts")]
    [InlineData("colour=red", "colour")]
    public async Task A_wrong_parameter_is_named(string query, string param) => Assert.Equal(param, await RefusedAsync(host.Admin, query));

    [Fact]
    public async Task All_wrong_parameters_are_named_at_once()
    {
        using var answer = await host.Admin.GetAsync(new Uri("/v1/jobs?limit=0&status=x&statsu=queued", UriKind.Relative), Cancel);

        var error = (await answer.JsonAsync()).GetProperty("error");
        Assert.Equal(["status", "limit", "statsu"], error.GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("param").GetString()));
        Assert.Contains("did you mean 'status'?", error.GetProperty("errors")[2].GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    async Task<(HttpClient Client, Guid Project)> ProjectAsync()
    {
        var (key, _, project) = await host.AddKeyAsync();
        return (host.ClientWith(key), project);
    }

    static Job Job(Guid project, DateTimeOffset created, string status = JobStatus.Queued, Guid? batch = null, string? customId = null) => new()
    {
        Id = Guid.CreateVersion7(),
        ProjectId = project,
        Lane = batch ?? project,
        BatchId = batch,
        CustomId = customId,
        Endpoint = "default",
        Model = "gpt-image-1.5",
        Prompt = "a red door",
        Quality = "low",
        N = 1,
        Size = "1024x1024",
        OnUnknown = "retry",
        MaxAttempts = 5,
        MaxUnknownAttempts = 2,
        Status = status,
        DueAt = created,
        CreatedAt = created,
    };

    async Task AddAsync(IEnumerable<Job> jobs)
    {
        await using var db = new Rows(host.Database).CreateDbContext();
        db.Jobs.AddRange(jobs.OrderBy(_ => Random.Shared.Next()));
        await db.SaveChangesAsync(Cancel);
    }

    static async Task<List<JsonElement>> PagesAsync(HttpClient client, string query)
    {
        var pages = new List<JsonElement> { await client.GetJsonAsync($"/v1/jobs?{query}") };
        while (pages[^1].GetProperty("has_more").GetBoolean())
            pages.Add(await client.GetJsonAsync($"/v1/jobs?{query}&after={pages[^1].GetProperty("last_id").GetString()}"));
        return pages;
    }

    static async Task<int> CountAsync(HttpClient client, string query) =>
        (await client.GetJsonAsync($"/v1/jobs?limit=100&{query}")).GetProperty("data").GetArrayLength();

    static async Task<string?> RefusedAsync(HttpClient client, string query)
    {
        using var answer = await client.GetAsync(new Uri($"/v1/jobs?{query}", UriKind.Relative), Cancel);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        return (await answer.JsonAsync()).GetProperty("error").GetProperty("param").GetString();
    }

    static string Id(JsonElement job) => job.GetProperty("id").GetString()!;
}
