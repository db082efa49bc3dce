using Darkroom.Migrations.Rows;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Execution;
using Darkroom.Worker.Jobs;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Xunit;

namespace Darkroom.Tests.Jobs;

public sealed class Job_transitions(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    readonly Rows rows = new(database);
    readonly Guid node = Guid.CreateVersion7();

    JobTransitions Jobs => rows.Transitions;

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await rows.SeedAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    async Task<ClaimedJob> RunningAsync(Job? job = null)
    {
        job = await rows.AddAsync(job ?? rows.NewJob());
        return Assert.IsType<ClaimedJob>(await ClaimAsync(job.Id, await rows.AdmitAsync(job)));
    }

    Task<ClaimedJob?> ClaimAsync(Guid job, int ticket) => Jobs.ClaimAsync(job, ticket, Guid.CreateVersion7(), node, "here", Ct);

    [Fact]
    public async Task A_doubled_ticket_is_claimed_once()
    {
        var job = await rows.AddAsync(rows.NewJob());
        var ticket = await rows.AdmitAsync(job);

        var claims = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => ClaimAsync(job.Id, ticket)));

        var claimed = Assert.Single(claims, c => c is not null)!;
        var attempt = Assert.Single(await rows.AttemptsAsync(job.Id));
        Assert.Equal((claimed.AttemptId, AttemptStatus.Dispatched, 1), (attempt.Id, attempt.Status, attempt.Number));
        Assert.Equal(JobStatus.Running, (await rows.JobAsync(job.Id)).Status);
    }

    [Fact]
    public async Task A_result_is_recorded_once_with_its_images_usage_and_cost()
    {
        var claimed = await RunningAsync();
        var result = Result(claimed);

        var recordings = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Jobs.SucceedAsync(claimed.AttemptId, result, Ct)));

        Assert.All(recordings, r => Assert.Equal(Recording.Succeeded, r));
        var job = await rows.JobAsync(claimed.JobId);
        Assert.Equal((JobStatus.Succeeded, 0.01m, result.Answer.Usage), (job.Status, job.CostAmount, job.Usage));
        Assert.Single(job.Images);
        await using var db = rows.CreateDbContext();
        Assert.Equal(1, db.UsageDeltas.Where(d => d.ProjectId == rows.Project && d.Cost == 0.01m).Sum(d => d.Attempts));
    }

    /// <summary>As after a spool that was thought lost has come back: its usage was known from the beginning.</summary>
    [Fact]
    public async Task A_result_booked_as_unknown_with_its_cost_and_then_adopted_counts_once()
    {
        var claimed = await RunningAsync();
        var result = Result(claimed);
        await Jobs.ReceivedAsync(claimed.AttemptId, result.Answer, Ct);
        await Jobs.HoldAsync(claimed.AttemptId, new AttemptEnding(AttemptStatus.Unknown) { Cost = 0.01m }, Ct);

        Assert.Equal(Recording.Succeeded, await Jobs.SucceedAsync(claimed.AttemptId, result, Ct));

        await using var db = rows.CreateDbContext();
        var booked = (await db.UsageDeltas.Where(d => d.ProjectId == rows.Project).ToListAsync(Ct)).TakeLast(3).ToList();
        Assert.Equal(
            (1, 0, 0.01m, 3, 272, 275, 1),
            (booked.Sum(d => d.Attempts), booked.Sum(d => d.UnknownAttempts), booked.Sum(d => d.Cost), booked.Sum(d => d.InputTokens), booked.Sum(d => d.OutputTokens), booked.Sum(d => d.TotalTokens), booked.Sum(d => d.Images)));
        Assert.Equal(0.01m, (await rows.JobAsync(claimed.JobId)).CostAmount);
    }

    [Fact]
    public async Task A_claim_that_commits_after_its_connection_broke_is_taken_back_all_the_same()
    {
        var job = await rows.AddAsync(rows.NewJob());
        var attempt = Guid.CreateVersion7();
        await using var claiming = await database.DataSource.OpenConnectionAsync(Ct);
        await using var committing = await claiming.BeginTransactionAsync(Ct);
        await using var claim = new NpgsqlCommand($"""
            UPDATE darkroom.jobs SET status = 'running', attempt_id = '{attempt}', attempts = 1 WHERE id = '{job.Id}';
            INSERT INTO darkroom.attempts (id, job_id, number, status, node_id, node_name, endpoint, started_at)
            VALUES ('{attempt}', '{job.Id}', 1, 'dispatched', '{node}', 'here', 'default', now())
            """, claiming);
        await claim.ExecuteNonQueryAsync(Ct);

        var taken = new AttemptEndings(Jobs, pricing: null!, settings: null!).NeverSentAsync(job.Id, attempt, Ct);
        await using var waiting = database.DataSource.CreateCommand("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND locktype IN ('transactionid', 'tuple'))");
        while (await waiting.ExecuteScalarAsync(Ct) is not true)
            Assert.False(taken.IsCompleted);
        await committing.CommitAsync(Ct);

        await taken;
        Assert.Equal(JobStatus.Queued, (await rows.JobAsync(job.Id)).Status);
        Assert.Equal(AttemptStatus.Undelivered, Assert.Single(await rows.AttemptsAsync(job.Id)).Status);
    }

    static JobResult Result(ClaimedJob job) => new(
        new AnswerFacts(200, "req_1", """{"input_tokens": 3,"output_tokens":272,"total_tokens":275}"""),
        DateTimeOffset.UnixEpoch, "png", "low", "1024x1024", Partial: false, Cost: 0.01m,
        [new Image { JobId = job.JobId, AttemptId = job.AttemptId, Index = 0, Extension = "png", ContentType = "image/png", Bytes = 10, Sha256 = new byte[32], Width = 1024, Height = 1024 }]);
}
