using Darkroom.Migrations.Rows;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Admission;
using Darkroom.Worker.Batches;
using Darkroom.Worker.Execution;
using Darkroom.Worker.Jobs;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Xunit;
using static Darkroom.Tests.Batches.BatchRows;

namespace Darkroom.Tests.Batches;

public sealed class A_sweep_of_batches : IAsyncLifetime
{
    TestDatabase database = null!;
    Rows rows = null!;

    JobTransitions Jobs => rows.Transitions;

    BatchTransitions Batches => new(rows);

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        rows = new Rows(database);
        await rows.SeedAsync();
    }

    public ValueTask DisposeAsync() => database.DisposeAsync();

    [Fact]
    public async Task It_folds_what_completions_have_left()
    {
        var (one, first) = await rows.AddBatchAsync(BatchStatus.InProgress, [.. Enumerable.Repeat(JobStatus.Queued, 4)]);
        var (two, second) = await rows.AddBatchAsync(BatchStatus.InProgress, [JobStatus.Queued, JobStatus.Queued]);
        await SucceedAsync(first[0]);
        await SucceedAsync(first[1]);
        await Jobs.FailAsync((await rows.ClaimAsync(first[2]))!.AttemptId, Ending(), Ct);
        await Jobs.HoldAsync((await rows.ClaimAsync(second[0]))!.AttemptId, Ending(), Ct);
        await Jobs.CancelAsync(rows.Project, second[1].Id, Ct);

        await SweepAsync();

        Assert.Equal((2, 1, 0, 0, BatchStatus.InProgress), await CountsAsync(one.Id));
        Assert.Equal((0, 0, 1, 1, BatchStatus.InProgress), await CountsAsync(two.Id));
        Assert.Equal(0, await AskAsync("SELECT count(*) FROM darkroom.batch_deltas"));
    }

    [Fact]
    public async Task A_batch_ends_with_its_last_line_and_not_while_one_is_held()
    {
        var (batch, lines) = await rows.AddBatchAsync(BatchStatus.InProgress, [JobStatus.Queued, JobStatus.Held, JobStatus.Failed]);
        await SucceedAsync(lines[0]);
        await SweepAsync();
        Assert.Equal(BatchStatus.InProgress, (await rows.BatchAsync(batch.Id)).Status);

        await Jobs.CancelAsync(rows.Project, lines[1].Id, Ct);
        await SweepAsync();
        Assert.Equal((1, 1, 0, 1, BatchStatus.Finalizing), await CountsAsync(batch.Id));
        Assert.NotNull((await rows.BatchAsync(batch.Id)).FinalizingAt);
    }

    [Fact]
    public async Task Two_last_completions_at_once_end_it_all_the_same()
    {
        for (var round = 0; round < 10; round++)
        {
            var (batch, lines) = await rows.AddBatchAsync(BatchStatus.InProgress, [JobStatus.Queued, JobStatus.Queued]);
            var claimed = await Task.WhenAll(lines.Select(rows.ClaimAsync));
            await Task.WhenAll([.. claimed.Select(c => Jobs.SucceedAsync(c!.AttemptId, Result(c), Ct)), SweepAsync(), SweepAsync()]);
            await SweepAsync();
            Assert.Equal((2, 0, 0, 0, BatchStatus.Finalizing), await CountsAsync(batch.Id));
        }
    }

    /// <summary>The retry holds the batch FOR SHARE; its delta is committed while the sweep waits for the row.</summary>
    [Fact]
    public async Task A_retry_under_way_keeps_the_batch_open()
    {
        var (batch, lines) = await rows.AddBatchAsync(BatchStatus.InProgress, [JobStatus.Failed]);
        await using var retry = await database.DataSource.OpenConnectionAsync(Ct);
        await using var transaction = await retry.BeginTransactionAsync(Ct);
        await using (var put = new NpgsqlCommand($"""
            SELECT FROM darkroom.jobs WHERE id = '{lines[0].Id}' FOR UPDATE;
            SELECT FROM darkroom.batches WHERE id = '{batch.Id}' FOR SHARE;
            UPDATE darkroom.jobs SET status = 'queued', finished_at = NULL WHERE id = '{lines[0].Id}';
            INSERT INTO darkroom.batch_deltas (batch_id, succeeded, failed, held, canceled) VALUES ('{batch.Id}', 0, -1, 0, 0)
            """, retry))
            await put.ExecuteNonQueryAsync(Ct);
        var end = Batches.EndAsync(Ct);
        await WaitForAWaiterAsync();
        await transaction.CommitAsync(Ct);

        Assert.Equal(0, await end);
        Assert.Equal(BatchStatus.InProgress, (await rows.BatchAsync(batch.Id)).Status);
    }

    [Fact]
    public async Task What_comes_after_the_end_changes_no_counter()
    {
        var (batch, lines) = await rows.AddBatchAsync(BatchStatus.InProgress, [JobStatus.Queued]);
        var claimed = (await rows.ClaimAsync(lines[0]))!;
        await Jobs.FailAsync(claimed.AttemptId, Ending(AttemptStatus.Unknown), Ct);
        await SweepAsync();
        await ExecuteAsync("UPDATE darkroom.batches SET status = 'completed'");

        Assert.Equal(Recording.Succeeded, await Jobs.SucceedAsync(claimed.AttemptId, Result(claimed), Ct));
        await SweepAsync();

        Assert.Equal((0, 1, 0, 0, BatchStatus.Completed), await CountsAsync(batch.Id));
        Assert.Equal(0, await AskAsync("SELECT count(*) FROM darkroom.batch_deltas"));
    }

    [Fact]
    public async Task A_cancelled_batch_lets_its_calls_finish_and_cancels_all_else_even_what_comes_back_to_the_queue()
    {
        var (batch, lines) = await rows.AddBatchAsync(BatchStatus.InProgress, [JobStatus.Queued, JobStatus.Queued, JobStatus.Queued, JobStatus.Held, JobStatus.Failed]);
        var finishes = (await rows.ClaimAsync(lines[0]))!;
        var comesBack = (await rows.ClaimAsync(lines[1]))!;

        Assert.True((await Batches.CancelAsync(rows.Project, batch.Id, Ct))!.Won);
        await SweepAsync();
        Assert.Equal([JobStatus.Running, JobStatus.Running, JobStatus.Canceled, JobStatus.Canceled, JobStatus.Failed], await rows.LinesAsync(batch.Id));
        Assert.Equal((0, 1, 0, 2, BatchStatus.Cancelling), await CountsAsync(batch.Id));

        await Jobs.SucceedAsync(finishes.AttemptId, Result(finishes), Ct);
        await Jobs.RetryLaterAsync(comesBack.AttemptId, Ending(), TimeSpan.Zero, Ct);
        await SweepAsync();
        Assert.Equal((1, 1, 0, 3, BatchStatus.Finalizing), await CountsAsync(batch.Id));
    }

    [Fact]
    public async Task A_batch_that_is_cancelled_before_its_lines_are_read_ends_at_once()
    {
        var (batch, _) = await rows.AddBatchAsync(BatchStatus.Validating, []);
        Assert.True((await Batches.CancelAsync(rows.Project, batch.Id, Ct))!.Won);
        await SweepAsync();
        Assert.Equal(BatchStatus.Finalizing, (await rows.BatchAsync(batch.Id)).Status);
    }

    [Fact]
    public async Task When_its_time_is_over_unsent_and_held_lines_fail_and_calls_in_flight_finish()
    {
        var (batch, lines) = await rows.AddBatchAsync(BatchStatus.InProgress, [JobStatus.Queued, JobStatus.Queued, JobStatus.Held], window: TimeSpan.FromHours(1), paused: true);
        await ExecuteAsync("UPDATE darkroom.batches SET paused_at = NULL");
        var running = (await rows.ClaimAsync(lines[0]))!;
        await ExecuteAsync("UPDATE darkroom.batches SET paused_at = darkroom.now()");
        await SweepAsync();
        Assert.Null((await rows.BatchAsync(batch.Id)).ExpiringAt);

        await database.ShiftClockAsync(TimeSpan.FromHours(2));
        await SweepAsync();
        Assert.Equal([JobStatus.Running, JobStatus.Failed, JobStatus.Failed], await rows.LinesAsync(batch.Id));
        var (unsent, held) = (await rows.JobAsync(lines[1].Id), await rows.JobAsync(lines[2].Id));
        Assert.Equal(("batch_expired", "batch_expired"), (unsent.ErrorCode, held.ErrorCode));
        Assert.EndsWith("The endpoint refused.", held.ErrorMessage, StringComparison.Ordinal);
        Assert.Equal(BatchStatus.InProgress, (await rows.BatchAsync(batch.Id)).Status);

        await Jobs.SucceedAsync(running.AttemptId, Result(running), Ct);
        await SweepAsync();
        Assert.Equal((1, 2, 0, 0, BatchStatus.Finalizing), await CountsAsync(batch.Id));
    }

    [Fact]
    public async Task Pausing_and_resuming_are_the_same_twice_and_too_late_once_it_is_ending()
    {
        var (batch, _) = await rows.AddBatchAsync(BatchStatus.InProgress, [JobStatus.Queued]);
        var first = (await Batches.PauseAsync(rows.Project, batch.Id, Ct))!;
        var again = (await Batches.PauseAsync(rows.Project, batch.Id, Ct))!;
        Assert.Equal((true, true, first.Batch.PausedAt), (first.Won, again.Won, again.Batch.PausedAt));
        Assert.NotNull(again.Batch.PausedAt);
        Assert.Null((await Batches.ResumeAsync(rows.Project, batch.Id, Ct))!.Batch.PausedAt);
        Assert.True((await Batches.ResumeAsync(rows.Project, batch.Id, Ct))!.Won);

        Assert.Null(await Batches.PauseAsync(Guid.CreateVersion7(), batch.Id, Ct));
        await ExecuteAsync("UPDATE darkroom.batches SET status = 'completed'");
        Assert.False((await Batches.PauseAsync(rows.Project, batch.Id, Ct))!.Won);
        Assert.False((await Batches.CancelAsync(rows.Project, batch.Id, Ct))!.Won);
    }

    async Task SweepAsync()
    {
        await using var work = NpgsqlDataSource.Create(database.ConnectionString);
        using var sweep = new BatchSweep(
            rows, Batches, Jobs, new NodeIdentity(), new WorkSignal(work, NullLogger<WorkSignal>.Instance), new AdmissionWake(TimeProvider.System),
            TimeProvider.System, NullLogger<BatchSweep>.Instance);
        while (await sweep.PassAsync(Ct))
        {
        }
    }

    async Task SucceedAsync(Job line)
    {
        var claimed = (await rows.ClaimAsync(line))!;
        await Jobs.SucceedAsync(claimed.AttemptId, Result(claimed), Ct);
    }

    async Task<(int, int, int, int, string)> CountsAsync(Guid id)
    {
        var batch = await rows.BatchAsync(id);
        return (batch.Succeeded, batch.Failed, batch.Held, batch.Canceled, batch.Status);
    }

    async Task WaitForAWaiterAsync()
    {
        while (await AskAsync("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") == 0)
            await Task.Yield();
    }

    async Task<long> AskAsync(string sql)
    {
        await using var command = database.DataSource.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync(Ct))!;
    }

    async Task ExecuteAsync(string sql)
    {
        await using var command = database.DataSource.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Ct);
    }
}
