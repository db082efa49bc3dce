using System.Net;
using System.Text.Json;
using Darkroom.Migrations.Rows;
using Darkroom.Tests.Api;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Api;
using Xunit;

namespace Darkroom.Tests.Jobs;

public sealed class Getting_a_job(ApiHost host) : IClassFixture<ApiHost>
{
    static readonly DateTimeOffset Start = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    /// <summary>An endpoint's spelling: white space, number forms, escapes and unknown fields are evidence.</summary>
    const string UsageAsSent = """{ "total_tokens":1.10e3,"input_tokens" : 50, "x-\u00e4": [ ], "total_tokens":1100 }""";

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_finished_job_shows_result_pictures_usage_to_the_letter_and_cost()
    {
        var id = Guid.CreateVersion7();
        var attempt = Guid.CreateVersion7();
        await AddAsync(new Job
        {
            Id = id,
            ProjectId = await host.Database.DefaultProjectAsync(),
            Endpoint = "default",
            Model = "gpt-image-1.5",
            Prompt = "a cat",
            Quality = "auto",
            N = 2,
            Size = "auto",
            OnUnknown = "retry",
            Status = JobStatus.Succeeded,
            DueAt = Start,
            CreatedAt = Start,
            StartedAt = Start.AddSeconds(1),
            FinishedAt = Start.AddSeconds(31.5),
            AttemptId = attempt,
            Attempts = 3,
            Usage = UsageAsSent,
            CostAmount = 0.04200000m,
            CostPossible = 0.1m,
            ResultCreated = Start.AddSeconds(30),
            ResultFormat = "png",
            ResultQuality = "low",
            ResultSize = "1024x1536",
            ResultPartial = false,
            BatchId = Guid.Parse("01990000-0000-7000-8000-0000000000b1"),
            CustomId = "line 7",
            Metadata = new() { ["k"] = "ü" },
            Priority = 7,
            Images = [Picture(id, attempt, 1), Picture(id, attempt, 0)],
        });

        using var answer = await host.Admin.GetAsync(new Uri($"/v1/jobs/{WireId.Job.Format(id)}", UriKind.Relative), Cancel);
        var text = await answer.Content.ReadAsStringAsync(Cancel);
        var job = JsonElement.Parse(text);

        Assert.Contains($"\"usage\":{UsageAsSent},", text, StringComparison.Ordinal);
        Assert.Equal("""{"currency":"USD","amount":0.042,"possible":0.1}""", job.GetProperty("cost").GetRawText());
        Assert.Equal(
            """{"created":1769860830,"output_format":"png","quality":"low","size":"1024x1536","partial":false}""", job.GetProperty("result").GetRawText());
        Assert.Equal([0, 1], job.GetProperty("images").EnumerateArray().Select(i => i.GetProperty("index").GetInt32()));
        Assert.Equal(
            $$"""{"index":0,"url":"{{host.Address}}v1/jobs/{{WireId.Job.Format(id)}}/images/0","content_type":"image/png","bytes":1234,"sha256":"{{new string('a', 62)}}00","width":1024,"height":1536}""",
            job.GetProperty("images")[0].GetRawText());
        Assert.Equal(("batch_019900000000700080000000000000b1", "line 7"), (job.GetProperty("batch_id").GetString(), job.GetProperty("custom_id").GetString()));
        Assert.Equal("2026-01-31T12:00:31.5+00:00", job.GetProperty("finished_at").GetString());
        Assert.Equal(JsonValueKind.Null, job.GetProperty("error").ValueKind);
    }

    [Fact]
    public async Task A_job_that_failed_says_why_and_shows_no_result()
    {
        var id = Guid.CreateVersion7();
        await AddAsync(new Job
        {
            Id = id,
            ProjectId = await host.Database.DefaultProjectAsync(),
            Endpoint = "default",
            Model = "m",
            Prompt = "a cat",
            Quality = "auto",
            N = 1,
            Size = "auto",
            OnUnknown = "retry",
            Status = JobStatus.Failed,
            DueAt = Start,
            CreatedAt = Start,
            ErrorCode = "moderation_blocked",
            ErrorMessage = "The prompt was refused.",
            ErrorStage = "call",
            ErrorHttpStatus = 400,
            ErrorRequestId = "req_1",
        });

        var job = await host.Admin.GetJsonAsync($"/v1/jobs/{WireId.Job.Format(id)}");

        Assert.Equal(
            """{"code":"moderation_blocked","message":"The prompt was refused.","stage":"call","http_status":400,"request_id":"req_1"}""",
            job.GetProperty("error").GetRawText());
        Assert.Equal((JsonValueKind.Null, JsonValueKind.Null), (job.GetProperty("result").ValueKind, job.GetProperty("usage").ValueKind));
        Assert.Equal("""{"currency":"USD","amount":null,"possible":null}""", job.GetProperty("cost").GetRawText());
    }

    [Fact]
    public async Task Links_carry_the_public_address_where_one_is_configured()
    {
        await using var proxied = await ApiHost.StartAsync(("Darkroom:PublicUrl", "https://images.example.com/darkroom/"));

        using var answer = await proxied.Admin.PostJsonAsync("/v1/jobs", """{"model":"gpt-image-1.5","prompt":"a cat"}""");

        Assert.StartsWith("https://images.example.com/darkroom/v1/jobs/job_", answer.Headers.Location?.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_ledger_lists_every_attempt_first_to_last_page_by_page()
    {
        var id = Guid.CreateVersion7();
        var project = await host.Database.DefaultProjectAsync();
        await AddAsync(new Job
        {
            Id = id,
            ProjectId = project,
            Endpoint = "default",
            Model = "m",
            Prompt = "a cat",
            Quality = "auto",
            N = 1,
            Size = "auto",
            OnUnknown = "retry",
            Status = JobStatus.Queued,
            DueAt = Start,
            CreatedAt = Start,
            Attempts = 3,
        });
        var attempts = Enumerable.Range(1, 3).Select(n => new Attempt
        {
            Id = Guid.CreateVersion7(),
            JobId = id,
            Number = n,
            Status = n == 1 ? AttemptStatus.Unknown : n == 2 ? AttemptStatus.Succeeded : AttemptStatus.Dispatched,
            NodeId = Guid.CreateVersion7(),
            NodeName = "node-a",
            Endpoint = "default",
            StartedAt = Start.AddMinutes(n),
            FinishedAt = n < 3 ? Start.AddMinutes(n + 0.5) : null,
            HttpStatus = n == 1 ? 502 : n == 2 ? 200 : null,
            RequestId = n < 3 ? $"req_{n}" : null,
            Usage = n == 2 ? UsageAsSent : null,
            Cost = n == 2 ? 0.5m : null,
            PossibleCost = n == 1 ? 0.25m : null,
            ErrorCode = n == 1 ? "bad_gateway" : null,
            ErrorMessage = n == 1 ? "502" : null,
            ErrorStage = n == 1 ? "answer" : null,
        }).ToList();
        await using (var db = await host.DbAsync())
        {
            db.Attempts.AddRange(attempts);
            await db.SaveChangesAsync(Cancel);
        }

        var first = await host.Admin.GetJsonAsync($"/v1/jobs/{WireId.Job.Format(id)}/attempts?limit=2");
        var rest = await host.Admin.GetJsonAsync($"/v1/jobs/{WireId.Job.Format(id)}/attempts?after={first.GetProperty("last_id").GetString()}");

        Assert.Equal((true, false), (first.GetProperty("has_more").GetBoolean(), rest.GetProperty("has_more").GetBoolean()));
        Assert.Equal(
            $$$"""{"id":"{{{WireId.Attempt.Format(attempts[0].Id)}}}","number":1,"status":"unknown","node":"node-a","started_at":"2026-01-31T12:01:00+00:00","finished_at":"2026-01-31T12:01:30+00:00","http_status":502,"request_id":"req_1","usage":null,"cost":{"currency":"USD","amount":null,"possible":0.25},"error":{"code":"bad_gateway","message":"502","stage":"answer"}}""",
            first.GetProperty("data")[0].GetRawText());
        Assert.Equal(UsageAsSent, first.GetProperty("data")[1].GetProperty("usage").GetRawText());
        Assert.Equal((3, "dispatched"), (rest.GetProperty("data")[0].GetProperty("number").GetInt32(), rest.GetProperty("data")[0].GetProperty("status").GetString()));
    }

    static Image Picture(Guid job, Guid attempt, int index) => new()
    {
        JobId = job,
        Index = index,
        AttemptId = attempt,
        Extension = "png",
        ContentType = "image/png",
        Bytes = 1234,
        Sha256 = [.. Enumerable.Repeat((byte)0xAA, 31), (byte)index],
        Crc32 = 1,
        Width = 1024,
        Height = 1536,
    };

    async Task AddAsync(Job job) => await new Rows(host.Database).AddAsync(job);
}
