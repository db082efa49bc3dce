using System.Net;
using System.Text.Json;
using Darkroom.Migrations.Rows;
using Darkroom.Tests.Api;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Api;
using Darkroom.Worker.Jobs;
using Npgsql;
using Xunit;
using static Darkroom.Tests.Batches.BatchRows;

namespace Darkroom.Tests.Batches;

public sealed class Reading_results(ApiHost host) : IClassFixture<ApiHost>, IAsyncLifetime
{
    readonly Rows rows = new(host.Database);

    Guid project;

    JobTransitions Jobs => rows.Transitions;

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => project = await host.Database.DefaultProjectAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Lines_come_in_the_order_in_which_they_ended_page_by_page_while_the_batch_runs()
    {
        var (batch, lines) = await rows.AddBatchAsync(BatchStatus.InProgress, [.. Enumerable.Repeat(JobStatus.Queued, 5)], project);
        await SucceedAsync(lines[3]);
        await Jobs.FailAsync((await rows.ClaimAsync(lines[1]))!.AttemptId, Ending(), Ct);
        await Jobs.HoldAsync((await rows.ClaimAsync(lines[0]))!.AttemptId, Ending(), Ct);
        await SucceedAsync(lines[4]);

        var first = await ReadSettledAsync(batch.Id, "?limit=2");
        Assert.Equal(["line-3", "line-1"], Ids(first));
        Assert.True(first.GetProperty("has_more").GetBoolean());
        Assert.Equal("lost", first.GetProperty("data")[1].GetProperty("error").GetProperty("code").GetString());
        var second = await ReadSettledAsync(batch.Id, $"?limit=2&after={first.GetProperty("last_id").GetString()}");
        Assert.Equal(["line-4"], Ids(second));
        Assert.False(second.GetProperty("has_more").GetBoolean());
        Assert.Empty(Ids(await ReadSettledAsync(batch.Id, $"?after={second.GetProperty("last_id").GetString()}")));

        await SucceedAsync(lines[2]);
        Assert.Equal(["line-2"], Ids(await ReadSettledAsync(batch.Id, $"?after={second.GetProperty("last_id").GetString()}")));
    }

    [Fact]
    public async Task A_line_that_is_put_back_is_not_there_until_it_has_ended_again_and_then_once()
    {
        var (batch, lines) = await rows.AddBatchAsync(BatchStatus.InProgress, [JobStatus.Queued, JobStatus.Queued], project);
        await Jobs.FailAsync((await rows.ClaimAsync(lines[0]))!.AttemptId, Ending(), Ct);
        await SucceedAsync(lines[1]);
        var seen = (await ReadSettledAsync(batch.Id)).GetProperty("last_id").GetString();
        await Jobs.RetryAsync(project, lines[0].Id, Ct);
        Assert.Equal(["line-1"], Ids(await ReadSettledAsync(batch.Id)));

        await SucceedAsync(await rows.JobAsync(lines[0].Id));
        Assert.Equal(["line-1", "line-0"], Ids(await ReadSettledAsync(batch.Id)));
        var after = await ReadSettledAsync(batch.Id, $"?after={seen}");
        Assert.Equal(("line-0", 200), (Ids(after).Single(), after.GetProperty("data")[0].GetProperty("response").GetProperty("status_code").GetInt32()));
    }

    /// <summary>The first transaction has the smaller number and commits last.</summary>
    [Fact]
    public async Task A_cursor_does_not_pass_what_commits_late()
    {
        var (batch, lines) = await rows.AddBatchAsync(BatchStatus.InProgress, [JobStatus.Failed, JobStatus.Queued], project);
        await using var slow = await host.Database.DataSource.OpenConnectionAsync(Ct);
        await using var transaction = await slow.BeginTransactionAsync(Ct);
        await using (var insert = new NpgsqlCommand(
            $"INSERT INTO darkroom.job_events (job_id, batch_id, status, created_at) VALUES ('{lines[0].Id}', '{batch.Id}', 'failed', now())", slow))
            await insert.ExecuteNonQueryAsync(Ct);
        await SucceedAsync(lines[1]);
        Assert.Empty(Ids(await ReadAsync(batch.Id)));

        await transaction.CommitAsync(Ct);
        Assert.Equal(["line-0", "line-1"], Ids(await ReadSettledAsync(batch.Id)));
    }

    [Theory]
    [InlineData("?after=x", "after")]
    [InlineData("?after=job_00000000000070008000000000000000", "after")]
    [InlineData("?limit=0", "limit")]
    [InlineData("?include=links", "include")]
    [InlineData("?order=asc", "order")]
    public async Task A_wrong_question_is_refused(string query, string param)
    {
        var (batch, _) = await rows.AddBatchAsync(BatchStatus.InProgress, [], project);
        using var answer = await host.Admin.GetAsync(new Uri($"/v1/batches/{WireId.Batch.Format(batch.Id)}/results{query}", UriKind.Relative), Ct);
        Assert.Equal((HttpStatusCode.BadRequest, param), (answer.StatusCode, (await answer.JsonAsync()).GetProperty("error").GetProperty("param").GetString()));
    }

    [Fact]
    public async Task A_follower_hears_the_batch_as_it_is_and_its_end()
    {
        var (batch, _) = await rows.AddBatchAsync(BatchStatus.InProgress, [JobStatus.Queued], project);
        var path = new Uri($"/v1/batches/{WireId.Batch.Format(batch.Id)}/events", UriKind.Relative);
        using var stream = await host.Admin.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, Ct);
        using var reader = new StreamReader(await stream.Content.ReadAsStreamAsync(Ct));
        var first = await EventAsync(reader);
        Assert.Equal(("in_progress", 1), (first.Data.GetProperty("status").GetString(), first.Data.GetProperty("counts").GetProperty("queued").GetInt32()));

        await using (var end = host.Database.DataSource.CreateCommand($"UPDATE darkroom.batches SET status = 'completed', succeeded = 1 WHERE id = '{batch.Id}'"))
            await end.ExecuteNonQueryAsync(Ct);
        var ticking = TickAsync();
        var last = await EventAsync(reader);
        Assert.Equal("completed", last.Data.GetProperty("status").GetString());
        await reader.ReadToEndAsync(Ct);
        await ticking.CancelAsync();

        using var again = new HttpRequestMessage(HttpMethod.Get, path);
        again.Headers.Add("Last-Event-ID", last.Id);
        using var nothing = await host.Admin.SendAsync(again, Ct);
        Assert.Equal(HttpStatusCode.NoContent, nothing.StatusCode);
    }

    /// <summary>The host's clock is the test's.</summary>
    CancellationTokenSource TickAsync()
    {
        var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        _ = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                host.Clock.Advance(TimeSpan.FromSeconds(1));
                await Task.Yield();
            }
        }, Ct);
        return stop;
    }

    static async Task<(string Id, JsonElement Data)> EventAsync(StreamReader reader)
    {
        var id = "";
        while (await reader.ReadLineAsync(Ct) is { } line)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal))
                id = line[4..];
            if (line.StartsWith("data: ", StringComparison.Ordinal))
                return (id, JsonElement.Parse(line[6..]));
        }
        throw new EndOfStreamException();
    }

    async Task SucceedAsync(Job line)
    {
        var claimed = (await rows.ClaimAsync(line))!;
        await Jobs.SucceedAsync(claimed.AttemptId, Result(claimed), Ct);
    }

    Task<JsonElement> ReadAsync(Guid batch, string query = "") => host.Admin.GetJsonAsync($"/v1/batches/{WireId.Batch.Format(batch)}/results{query}");

    /// <summary>Other tests use the same server, and their transactions hold the reading back too.</summary>
    async Task<JsonElement> ReadSettledAsync(Guid batch, string query = "")
    {
        var mine = await AskAsync("SELECT pg_current_xact_id()::text");
        while (await AskAsync($"SELECT (pg_snapshot_xmin(pg_current_snapshot()) > '{mine}')::text") != "true")
            await Task.Yield();
        return await ReadAsync(batch, query);
    }

    async Task<string> AskAsync(string sql)
    {
        await using var command = host.Database.DataSource.CreateCommand(sql);
        return (string)(await command.ExecuteScalarAsync(Ct))!;
    }

    static string[] Ids(JsonElement page) => [.. page.GetProperty("data").EnumerateArray().Select(r => r.GetProperty("custom_id").GetString()!)];
}
