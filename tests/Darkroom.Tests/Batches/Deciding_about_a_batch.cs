using System.Net;
using System.Text.Json;
using Darkroom.Migrations.Rows;
using Darkroom.Tests.Api;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Api;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Darkroom.Tests.Batches;

public sealed class Deciding_about_a_batch(ApiHost host) : IClassFixture<ApiHost>
{
    readonly Rows rows = new(host.Database);

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("cancel", BatchStatus.Validating, "cancelling")]
    [InlineData("cancel", BatchStatus.InProgress, "cancelling")]
    [InlineData("pause", BatchStatus.InProgress, "in_progress")]
    [InlineData("resume", BatchStatus.InProgress, "in_progress")]
    public async Task What_is_possible_is_done_twice_alike_and_answered_with_the_batch(string verb, string from, string to)
    {
        var batch = await AddAsync(from, [JobStatus.Queued]);
        for (var i = 0; i < 2; i++)
        {
            var (status, body) = await PostAsync(batch, verb);
            Assert.Equal((HttpStatusCode.OK, to), (status, body.GetProperty("status").GetString()));
            Assert.Equal(verb == "pause", body.GetProperty("paused_at").ValueKind == JsonValueKind.Number);
            Assert.Equal(verb == "cancel", body.GetProperty("cancelling_at").ValueKind == JsonValueKind.Number);
        }
    }

    [Theory]
    [InlineData("cancel", BatchStatus.Completed)]
    [InlineData("cancel", BatchStatus.Finalizing)]
    [InlineData("pause", BatchStatus.Cancelling)]
    [InlineData("pause", BatchStatus.Completed)]
    [InlineData("resume", BatchStatus.Expired)]
    public async Task What_is_too_late_is_a_409_that_names_the_state(string verb, string state)
    {
        var (status, body) = await PostAsync(await AddAsync(state, []), verb);
        Assert.Equal((HttpStatusCode.Conflict, $"batch_already_{state}"), (status, CodeOf(body)));
    }

    [Fact]
    public async Task What_did_not_succeed_becomes_a_new_batch_in_the_order_of_the_old_which_stays_as_it_was()
    {
        string[] lines = [.. Enumerable.Repeat((string[])[JobStatus.Succeeded, JobStatus.Failed, JobStatus.Canceled], 20).SelectMany(s => s)];
        var old = await AddAsync(BatchStatus.Completed, lines);
        var before = await rows.BatchAsync(old);

        var (status, body) = await PostAsync(old, "retry-failed");

        Assert.Equal((HttpStatusCode.OK, WireId.Batch.Format(old), "in_progress"), (status, body.GetProperty("retry_of").GetString(), body.GetProperty("status").GetString()));
        Assert.True(WireId.Batch.TryParse(body.GetProperty("id").GetString(), out var id));
        var batch = await rows.BatchAsync(id);
        Assert.Equal((40, 0, 7, "gpt-image-1.5"), (batch.Total, batch.Failed, batch.Priority, batch.Model));
        Assert.Equal(before.ExpiresAt - before.CreatedAt, batch.ExpiresAt - batch.CreatedAt);
        await using var db = rows.CreateDbContext();
        var jobs = await db.Jobs.Where(j => j.BatchId == id).OrderBy(j => j.Id).ToListAsync(Ct);
        Assert.Equal(Enumerable.Range(0, 60).Where(i => i % 3 > 0).Select(i => $"line-{i}"), jobs.Select(j => j.CustomId));
        Assert.All(jobs, j => Assert.Equal((JobStatus.Queued, 7, id, 0), (j.Status, j.Id.Version, j.Lane, j.Attempts)));
        Assert.Equal(JsonSerializer.Serialize(before), JsonSerializer.Serialize(await rows.BatchAsync(old)));
        Assert.Equal(lines, await rows.LinesAsync(old));
    }

    [Fact]
    public async Task The_same_key_makes_one_batch_of_several_calls_and_another_request_with_it_is_refused()
    {
        var (old, other) = (await AddAsync(BatchStatus.Cancelled, [JobStatus.Canceled]), await AddAsync(BatchStatus.Cancelled, [JobStatus.Canceled]));
        var (_, first) = await PostAsync(old, "retry-failed", key: "again");
        var (_, second) = await PostAsync(old, "retry-failed", key: "again");
        Assert.Equal(first.GetProperty("id").GetString(), second.GetProperty("id").GetString());
        var (status, body) = await PostAsync(other, "retry-failed", key: "again");
        Assert.Equal((HttpStatusCode.Conflict, "idempotency_key_reused"), (status, CodeOf(body)));
    }

    [Theory]
    [InlineData(BatchStatus.InProgress, JobStatus.Failed, "batch_not_ended")]
    [InlineData(BatchStatus.Finalizing, JobStatus.Failed, "batch_not_ended")]
    [InlineData(BatchStatus.Completed, JobStatus.Succeeded, "nothing_to_retry")]
    public async Task Where_there_is_nothing_to_retry_a_409_says_so_and_the_key_stays_free(string state, string line, string code)
    {
        var batch = await AddAsync(state, [line]);
        var (status, body) = await PostAsync(batch, "retry-failed", key: code + state);
        Assert.Equal((HttpStatusCode.Conflict, code), (status, CodeOf(body)));
        await using var db = rows.CreateDbContext();
        Assert.False(await db.IdempotencyKeys.AnyAsync(k => k.Key == code + state, Ct));
    }

    [Theory]
    [InlineData("POST", "cancel")]
    [InlineData("POST", "pause")]
    [InlineData("POST", "resume")]
    [InlineData("POST", "retry-failed")]
    [InlineData("GET", "results")]
    [InlineData("GET", "archive")]
    [InlineData("GET", "events")]
    public async Task Another_projects_batch_is_not_there(string method, string verb)
    {
        var batch = await AddAsync(BatchStatus.InProgress, [JobStatus.Failed]);
        var (key, _, _) = await host.AddKeyAsync();
        using var stranger = host.ClientWith(key);
        foreach (var id in new[] { WireId.Batch.Format(batch), "batch_x", "job_00000000000070008000000000000000" })
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), $"/v1/batches/{id}/{verb}");
            using var answer = await stranger.SendAsync(request, Ct);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }
        Assert.Equal(BatchStatus.InProgress, (await rows.BatchAsync(batch)).Status);
    }

    async Task<Guid> AddAsync(string status, string[] lines) => (await rows.AddBatchAsync(status, lines, await host.Database.DefaultProjectAsync())).Batch.Id;

    async Task<(HttpStatusCode, JsonElement)> PostAsync(Guid batch, string verb, string? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/batches/{WireId.Batch.Format(batch)}/{verb}");
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        using var answer = await host.Admin.SendAsync(request, Ct);
        return (answer.StatusCode, await answer.JsonAsync());
    }

    static string? CodeOf(JsonElement body) => body.GetProperty("error").GetProperty("code").GetString();
}
