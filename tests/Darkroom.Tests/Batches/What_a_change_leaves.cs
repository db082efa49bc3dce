using Darkroom.Migrations.Rows;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Admission;
using Darkroom.Worker.Jobs;
using Microsoft.EntityFrameworkCore;
using Xunit;
using static Darkroom.Tests.Batches.BatchRows;

namespace Darkroom.Tests.Batches;

/// <summary>Every change of a line's state leaves one event, and what it does to the counters of its batch.</summary>
public sealed class What_a_change_leaves(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    readonly Rows rows = new(database);

    JobTransitions Jobs => rows.Transitions;

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await rows.SeedAsync();
        await using var db = rows.CreateDbContext();
        await db.JobEvents.ExecuteDeleteAsync(Ct);
        await db.BatchDeltas.ExecuteDeleteAsync(Ct);
        await db.Jobs.ExecuteDeleteAsync(Ct);
        await db.Batches.ExecuteDeleteAsync(Ct);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_claim_leaves_an_event_alone()
    {
        var (_, lines) = await rows.AddBatchAsync(BatchStatus.InProgress, [JobStatus.Queued]);
        Assert.NotNull(await rows.ClaimAsync(lines[0]));
        await LeftAsync([JobStatus.Running], (0, 0, 0, 0));
    }

    [Fact]
    public async Task A_result_counts_as_succeeded()
    {
        await Jobs.SucceedAsync((await RunningAsync()).AttemptId, Result(running!), Ct);
        await LeftAsync([JobStatus.Running, JobStatus.Succeeded], (1, 0, 0, 0));
    }

    [Fact]
    public async Task A_backoff_counts_as_nothing()
    {
        await Jobs.RetryLaterAsync((await RunningAsync()).AttemptId, Ending(), TimeSpan.Zero, Ct);
        await LeftAsync([JobStatus.Running, JobStatus.Queued], (0, 0, 0, 0));
    }

    [Fact]
    public async Task A_failure_counts_until_the_line_is_put_back()
    {
        await Jobs.FailAsync((await RunningAsync()).AttemptId, Ending(), Ct);
        await LeftAsync([JobStatus.Running, JobStatus.Failed], (0, 1, 0, 0));

        Assert.True((await Jobs.RetryAsync(rows.Project, running!.JobId, Ct))!.Won);
        await LeftAsync([JobStatus.Running, JobStatus.Failed, JobStatus.Queued], (0, 0, 0, 0));
    }

    [Fact]
    public async Task A_line_that_is_held_counts_until_a_person_has_decided()
    {
        await Jobs.HoldAsync((await RunningAsync()).AttemptId, Ending(), Ct);
        await LeftAsync([JobStatus.Running, JobStatus.Held], (0, 0, 1, 0));

        Assert.True((await Jobs.CancelAsync(rows.Project, running!.JobId, Ct))!.Won);
        await LeftAsync([JobStatus.Running, JobStatus.Held, JobStatus.Canceled], (0, 0, 0, 1));
    }

    [Fact]
    public async Task A_late_result_takes_the_failure_back()
    {
        var claimed = await RunningAsync();
        await Jobs.FailAsync(claimed.AttemptId, Ending(AttemptStatus.Unknown), Ct);
        await Jobs.SucceedAsync(claimed.AttemptId, Result(claimed), Ct);
        await LeftAsync([JobStatus.Running, JobStatus.Failed, JobStatus.Succeeded], (1, 0, 0, 0));
    }

    [Fact]
    public async Task A_change_that_lost_leaves_nothing()
    {
        var claimed = await RunningAsync();
        await Jobs.CancelAsync(rows.Project, claimed.JobId, Ct);
        Assert.Equal(Recording.Superseded, await Jobs.SucceedAsync(claimed.AttemptId, Result(claimed), Ct));
        Assert.False((await Jobs.RetryAsync(rows.Project, claimed.JobId, Ct))!.Won);
        await LeftAsync([JobStatus.Running, JobStatus.Canceled], (0, 0, 0, 1));
    }

    [Fact]
    public async Task A_job_outside_a_batch_leaves_its_events_and_no_counters()
    {
        var job = await rows.AddAsync(rows.NewJob());
        var claimed = await rows.ClaimAsync(job);
        await Jobs.SucceedAsync(claimed!.AttemptId, Result(claimed), Ct);
        await LeftAsync([JobStatus.Running, JobStatus.Succeeded], (0, 0, 0, 0));
    }

    [Theory]
    [InlineData(BatchStatus.InProgress, false, true)]
    [InlineData(BatchStatus.InProgress, true, false)]
    [InlineData(BatchStatus.Validating, false, false)]
    [InlineData(BatchStatus.Cancelling, false, false)]
    [InlineData(BatchStatus.Finalizing, false, false)]
    public async Task Lines_are_picked_and_claimed_of_a_batch_that_is_in_progress_and_not_paused_alone(string status, bool paused, bool runs)
    {
        var (_, lines) = await rows.AddBatchAsync(status, [JobStatus.Queued], paused: paused);
        await using (var db = rows.CreateDbContext())
            Assert.Equal(runs ? 1 : 0, (await DueJobs.PickAsync(db, Rows.Endpoint, 10, null, Ct)).Count);
        Assert.Equal(runs, await rows.ClaimAsync(lines[0]) is not null);
    }

    [Fact]
    public async Task Nothing_is_picked_or_claimed_once_the_time_of_the_batch_is_over()
    {
        var (batch, lines) = await rows.AddBatchAsync(BatchStatus.InProgress, [JobStatus.Queued, JobStatus.Held]);
        await using var db = rows.CreateDbContext();
        await db.Batches.ExecuteUpdateAsync(set => set.SetProperty(b => b.ExpiringAt, batch.CreatedAt), Ct);
        Assert.Empty(await DueJobs.PickAsync(db, Rows.Endpoint, 10, null, Ct));
        Assert.Null(await rows.ClaimAsync(lines[0]));
        Assert.True((await Jobs.RetryAsync(rows.Project, lines[1].Id, Ct))!.BatchEnded);
    }

    [Theory]
    [InlineData(BatchStatus.Finalizing)]
    [InlineData(BatchStatus.Completed)]
    [InlineData(BatchStatus.Expired)]
    [InlineData(BatchStatus.Cancelling)]
    [InlineData(BatchStatus.Cancelled)]
    public async Task A_line_is_not_put_back_into_a_batch_that_has_ended(string status)
    {
        var (_, lines) = await rows.AddBatchAsync(status, [JobStatus.Failed]);
        var change = (await Jobs.RetryAsync(rows.Project, lines[0].Id, Ct))!;
        Assert.Equal((false, true), (change.Won, change.BatchEnded));
        await LeftAsync([], (0, 0, 0, 0));
    }

    ClaimedJob? running;

    async Task<ClaimedJob> RunningAsync()
    {
        var (_, lines) = await rows.AddBatchAsync(BatchStatus.InProgress, [JobStatus.Queued]);
        return running = (await rows.ClaimAsync(lines[0]))!;
    }

    async Task LeftAsync(string[] events, (int Succeeded, int Failed, int Held, int Canceled) counted)
    {
        await using var db = rows.CreateDbContext();
        Assert.Equal(events, await db.JobEvents.OrderBy(e => e.Id).Select(e => e.Status).ToListAsync(Ct));
        var deltas = await db.BatchDeltas.ToListAsync(Ct);
        Assert.Equal(counted, (deltas.Sum(d => d.Succeeded), deltas.Sum(d => d.Failed), deltas.Sum(d => d.Held), deltas.Sum(d => d.Canceled)));
    }
}
