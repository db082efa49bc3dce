using System.Net;
using System.Text;
using System.Text.Json;
using Darkroom.Migrations.Rows;
using Darkroom.Tests.Api;
using Darkroom.Worker.Api;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Darkroom.Tests.Submission;

public sealed class Submitting_a_job(ApiHost host) : IClassFixture<ApiHost>
{
    const string Everything = """
        {"model":"gpt-image-1.5","prompt":"Ein Haus – 家 🏠\n","quality":"low","n":3,"size":"1024x1536","custom_id":"line 7",
         "metadata":{"b":"2","a":"\u00e4"},"priority":0,"not_before":"2120-01-31T12:00:00.1234567+01:00","deadline":"2120-02-01T00:00:00Z",
         "max_attempts":100,"max_unknown_attempts":20,"on_unknown":"hold","webhook_url":"https://example.com/hook?x=1",
         "webhook_events":["job.succeeded","job.failed"]}
        """;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_field_reaches_its_row()
    {
        var row = await SubmittedAsync(Everything);

        Assert.Equal(JobStatus.Queued, row.Status);
        Assert.Equal(await host.Database.DefaultProjectAsync(), row.ProjectId);
        Assert.Equal((row.ProjectId, null), (row.Lane, row.BatchId));
        Assert.Equal(("default", "gpt-image-1.5", "Ein Haus – 家 🏠\n"), (row.Endpoint, row.Model, row.Prompt));
        Assert.Equal(("low", 3, "1024x1536", "line 7"), (row.Quality, row.N, row.Size, row.CustomId));
        Assert.Equal(new Dictionary<string, string> { ["a"] = "ä", ["b"] = "2" }, row.Metadata);
        Assert.Equal((0, 100, 20, "hold"), (row.Priority, row.MaxAttempts, row.MaxUnknownAttempts, row.OnUnknown));
        Assert.Equal(DateTimeOffset.Parse("2120-01-31T11:00:00.123456Z", null), row.DueAt);
        Assert.Equal(DateTimeOffset.Parse("2120-02-01T00:00:00Z", null), row.Deadline);
        Assert.Equal("https://example.com/hook?x=1", row.WebhookUrl);
        Assert.Equal(["job.failed", "job.succeeded"], row.WebhookEvents!);
    }

    [Theory]
    [InlineData("""{"model":"gpt-image-1.5","prompt":"a cat"}""")]
    [InlineData("""
        {"model":"gpt-image-1.5","prompt":"a cat","quality":null,"n":null,"size":null,"custom_id":null,"metadata":null,"priority":null,
         "not_before":null,"deadline":null,"max_attempts":null,"max_unknown_attempts":null,"on_unknown":null,"webhook_url":null,
         "webhook_events":null}
        """)]
    public async Task What_is_left_out_or_null_has_its_default(string body)
    {
        var row = await SubmittedAsync(body);

        Assert.Equal(("auto", 1, "auto", null), (row.Quality, row.N, row.Size, row.CustomId));
        Assert.Equal((5, 5, 2, "retry"), (row.Priority, row.MaxAttempts, row.MaxUnknownAttempts, row.OnUnknown));
        Assert.Equal((row.CreatedAt, null), (row.DueAt, row.Deadline));
        Assert.Equal((null, null), (row.WebhookUrl, row.WebhookEvents));
        Assert.Empty(row.Metadata);
    }

    [Fact]
    public async Task The_answer_is_the_job_with_every_field_of_the_contract_and_tells_where_it_is()
    {
        using var answer = await host.Admin.PostJsonAsync("/v1/jobs", """{"model":"gpt-image-1.5","prompt":"Ein Haus – 家 🏠"}""");

        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        Assert.Equal("application/json", answer.Content.Headers.ContentType?.MediaType);
        var text = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.Contains("Ein Haus – 家", text, StringComparison.Ordinal);
        var job = JsonElement.Parse(text);
        Assert.Equal("Ein Haus – 家 🏠", job.GetProperty("prompt").GetString());
        Assert.Equal(
            ["id", "object", "status", "custom_id", "batch_id", "model", "prompt", "quality", "n", "size", "result", "images", "usage", "cost", "attempts",
             "error", "metadata", "priority", "created_at", "started_at", "finished_at", "due_at", "webhook_url"],
            job.EnumerateObject().Select(p => p.Name));
        Assert.Equal(("job", "queued", 0), (job.GetProperty("object").GetString(), job.GetProperty("status").GetString(), job.GetProperty("attempts").GetInt32()));
        Assert.Equal("""{"currency":"USD","amount":0,"possible":0}""", job.GetProperty("cost").GetRawText());
        var id = job.GetProperty("id").GetString()!;
        Assert.Matches("^job_[0-9a-f]{12}7[0-9a-f]{19}$", id);
        Assert.Equal(new Uri(host.Address, $"/v1/jobs/{id}"), answer.Headers.Location);
        Assert.Equal(text, await host.Admin.GetStringAsync(answer.Headers.Location, Cancel));
    }

    [Fact]
    public async Task A_model_without_a_price_has_an_unknown_cost_from_the_start()
    {
        await using var unpriced = await ApiHost.StartAsync(
            ("Darkroom:Models:2:Name", "free-range"), ("Darkroom:Models:2:Sizes:0", "640x480"), ("Darkroom:Models:2:Qualities:0", "standard"));

        using var answer = await unpriced.Admin.PostJsonAsync("/v1/jobs", """{"model":"free-range","prompt":"a cat"}""");
        var job = await answer.JsonAsync();

        Assert.Equal("""{"currency":"USD","amount":null,"possible":null}""", job.GetProperty("cost").GetRawText());
        // A model that knows no "auto" gets its first size and quality.
        Assert.Equal(("640x480", "standard"), (job.GetProperty("size").GetString(), job.GetProperty("quality").GetString()));
    }

    [Fact]
    public async Task A_model_goes_to_the_first_endpoint_that_serves_it_and_one_that_none_serves_is_unknown()
    {
        await using var two = await ApiHost.StartAsync(
            ("Darkroom:Endpoints:0:Models:0", "gpt-image-1"), ("Darkroom:Endpoints:1:Name", "second"), ("Darkroom:Endpoints:1:ApiKey", "k"), ("Darkroom:Endpoints:1:Models:0", "gpt-image-9"),
            ("Darkroom:Models:2:Name", "gpt-image-9"), ("Darkroom:Models:2:Sizes:0", "auto"), ("Darkroom:Models:2:Qualities:0", "auto"));

        using var first = await two.Admin.PostJsonAsync("/v1/jobs", """{"model":"gpt-image-1","prompt":"a cat"}""");
        using var second = await two.Admin.PostJsonAsync("/v1/jobs", """{"model":"gpt-image-9","prompt":"a cat"}""");
        using var none = await two.Admin.PostJsonAsync("/v1/jobs", """{"model":"gpt-image-1.5","prompt":"a cat"}""");

        await using var db = await two.DbAsync();
        Assert.Equal(["default", "second"], await db.Jobs.OrderBy(j => j.Model).Select(j => j.Endpoint).ToListAsync(Cancel));
        Assert.Contains("configured are 'gpt-image-1', 'gpt-image-9'", (await none.JsonAsync()).GetProperty("error").GetProperty("message").GetString());
    }

    [Fact]
    public async Task The_longest_body_the_longest_prompt_and_the_longest_values_are_taken()
    {
        var prompt = string.Concat(Enumerable.Repeat("🏠", 32000));
        var pairs = JsonSerializer.Serialize(Enumerable.Range(10, 16).ToDictionary(i => new string('k', 62) + i, _ => new string('v', 512)));
        var body = $$"""{"model":"gpt-image-1.5","prompt":"{{prompt}}","custom_id":"{{string.Concat(Enumerable.Repeat("🏠", 512))}}","metadata":{{pairs}}}""";

        var row = await SubmittedAsync(body + new string(' ', 512 * 1024 - Encoding.UTF8.GetByteCount(body)));

        Assert.Equal(prompt, row.Prompt);
        Assert.Equal(16, row.Metadata.Count);
    }

    [Fact]
    public async Task An_unreachable_database_is_a_503_that_says_when_to_try_again_and_shows_nothing_of_the_inside()
    {
        await using var doomed = await ApiHost.StartAsync();
        await doomed.Admin.GetJsonAsync("/v1/jobs");
        await doomed.Database.DisposeAsync();

        using var answer = await doomed.Admin.PostJsonAsync("/v1/jobs", """{"model":"gpt-image-1.5","prompt":"a cat"}""");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.True(answer.Headers.RetryAfter?.Delta > TimeSpan.Zero);
        var error = (await answer.JsonAsync()).GetProperty("error");
        Assert.Equal(("server_error", "unavailable"), (error.GetProperty("type").GetString(), error.GetProperty("code").GetString()));
        Assert.DoesNotContain("   at ", await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        // Beside the warning of Data Protection that its new key is stored as it is, which depends on who starts first.
        var warned = Assert.Single(doomed.Log.AtLeast(LogLevel.Warning), line => !line.Contains("XML encryptor", StringComparison.Ordinal));
        Assert.Contains("POST /v1/jobs: the database does not answer", warned, StringComparison.Ordinal);
    }

    async Task<Job> SubmittedAsync(string body)
    {
        using var answer = await host.Admin.PostJsonAsync("/v1/jobs", body);
        var text = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.True(answer.StatusCode == HttpStatusCode.Accepted, text);
        Assert.True(WireId.Job.TryParse(JsonElement.Parse(text).GetProperty("id").GetString(), out var id));
        await using var db = await host.DbAsync();
        return await db.Jobs.AsNoTracking().SingleAsync(j => j.Id == id, Cancel);
    }
}
