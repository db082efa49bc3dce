using Darkroom.Migrations.Rows;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Jobs;
using Xunit;

namespace Darkroom.Tests.Jobs;

/// <summary>Two who change one job at once, in either order: one wins, the other is told, and the ledger keeps both.</summary>
public sealed class Racing_transitions(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    const int Rounds = 20;

    readonly Rows rows = new(database);
    readonly Guid node = Guid.CreateVersion7();

    JobTransitions Jobs => rows.Transitions;

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await rows.SeedAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_cancel_and_a_result_have_one_winner_and_the_charge_is_kept()
    {
        for (var round = 0; round < Rounds; round++)
        {
            var claimed = await RunningAsync();
            var cancel = Jobs.CancelAsync(claimed.ProjectId, claimed.JobId, Ct);
            var record = Jobs.SucceedAsync(claimed.AttemptId, Result(claimed), Ct);
            await Task.WhenAll(cancel, record);

            var job = await rows.JobAsync(claimed.JobId);
            var attempt = Assert.Single(await rows.AttemptsAsync(claimed.JobId));
            var canceled = (await cancel)!.Won;
            Assert.Equal(canceled ? (JobStatus.Canceled, AttemptStatus.Superseded) : (JobStatus.Succeeded, AttemptStatus.Succeeded), (job.Status, attempt.Status));
            Assert.Equal(canceled ? Recording.Superseded : Recording.Succeeded, await record);
            Assert.Equal(canceled ? 0 : 1, job.Images.Count);
            Assert.Equal(0.01m, job.CostAmount);
        }
    }

    [Fact]
    public async Task A_cancel_and_a_claim_leave_no_call_without_its_attempt()
    {
        for (var round = 0; round < Rounds; round++)
        {
            var job = await rows.AddAsync(rows.NewJob());
            var ticket = await rows.AdmitAsync(job);
            var claim = ClaimAsync(job.Id, ticket);
            await Task.WhenAll(claim, Jobs.CancelAsync(job.ProjectId, job.Id, Ct));

            Assert.Equal(JobStatus.Canceled, (await rows.JobAsync(job.Id)).Status);
            Assert.Equal(await claim is null ? 0 : 1, (await rows.AttemptsAsync(job.Id)).Count);
        }
    }

    [Fact]
    public async Task Of_twenty_retries_at_once_one_queues_the_job_with_its_counters_anew()
    {
        var claimed = await RunningAsync(rows.NewJob(deadline: DateTimeOffset.UtcNow.AddMinutes(5)));
        Assert.Equal(Ended.AttemptAndJob, await Jobs.FailAsync(claimed.AttemptId, Ending(AttemptStatus.Failed), Ct));

        var retries = await Task.WhenAll(Enumerable.Range(0, Rounds).Select(_ => Jobs.RetryAsync(claimed.ProjectId, claimed.JobId, Ct)));

        Assert.Single(retries, retry => retry!.Won);
        var job = await rows.JobAsync(claimed.JobId);
        Assert.Equal((JobStatus.Queued, 0, 0, null), (job.Status, job.CountedAttempts, job.UnknownAttempts, job.ErrorCode));
        Assert.NotNull(job.Deadline);
        Assert.Single(await rows.AttemptsAsync(job.Id));
    }

    [Fact]
    public async Task A_deadline_and_a_claim_have_one_winner()
    {
        var jobs = new List<(Job Job, int Ticket)>();
        for (var i = 0; i < Rounds; i++)
        {
            var job = await rows.AddAsync(rows.NewJob(deadline: DateTimeOffset.UtcNow.AddMilliseconds(20 * i)));
            jobs.Add((job, await rows.AdmitAsync(job)));
        }

        var claims = Task.WhenAll(jobs.Select(j => ClaimAsync(j.Job.Id, j.Ticket)));
        await Task.WhenAll(claims, Jobs.ExpireAsync(1000, Ct));
        await Jobs.ExpireAsync(1000, Ct);

        foreach (var ((job, _), claimed) in jobs.Zip(await claims))
        {
            var after = await rows.JobAsync(job.Id);
            if (claimed is null)
                Assert.Equal((JobStatus.Failed, "deadline_exceeded"), (after.Status, after.ErrorCode));
            else
                Assert.Equal(JobStatus.Running, after.Status);
            Assert.Equal(claimed is null ? 0 : 1, (await rows.AttemptsAsync(job.Id)).Count);
        }
    }

    [Fact]
    public async Task A_late_result_is_adopted_by_a_held_job()
    {
        var claimed = await RunningAsync();
        Assert.Equal(Ended.AttemptAndJob, await Jobs.HoldAsync(claimed.AttemptId, Unknown, Ct));
        Assert.Equal((JobStatus.Held, 0.02m), ((await rows.JobAsync(claimed.JobId)).Status, (await rows.JobAsync(claimed.JobId)).CostPossible));

        Assert.Equal(Recording.Succeeded, await Jobs.SucceedAsync(claimed.AttemptId, Result(claimed), Ct));

        var job = await rows.JobAsync(claimed.JobId);
        Assert.Equal((JobStatus.Succeeded, 0.01m, 0m, null), (job.Status, job.CostAmount, job.CostPossible, job.ErrorMessage));
        Assert.Equal(AttemptStatus.Succeeded, Assert.Single(await rows.AttemptsAsync(job.Id)).Status);
    }

    [Fact]
    public async Task A_late_result_wins_over_a_second_call_in_flight_which_is_then_superseded()
    {
        var first = await RunningAsync();
        Assert.Equal(Ended.AttemptAndJob, await Jobs.RetryLaterAsync(first.AttemptId, Unknown, TimeSpan.Zero, Ct));
        var second = await ClaimAgainAsync(first.JobId);

        Assert.Equal(Recording.Succeeded, await Jobs.SucceedAsync(first.AttemptId, Result(first), Ct));
        Assert.Equal(Recording.Superseded, await Jobs.SucceedAsync(second.AttemptId, Result(second), Ct));

        var job = await rows.JobAsync(first.JobId);
        Assert.Equal((JobStatus.Succeeded, first.AttemptId, 0.02m), (job.Status, job.AttemptId, job.CostAmount));
        Assert.Equal([AttemptStatus.Succeeded, AttemptStatus.Superseded], (await rows.AttemptsAsync(job.Id)).Select(a => a.Status));
        Assert.All(await rows.AttemptsAsync(job.Id), attempt => Assert.NotNull(attempt.Usage));
    }

    [Fact]
    public async Task A_late_failure_changes_the_ledger_and_not_the_job_of_a_newer_attempt()
    {
        var first = await RunningAsync();
        Assert.Equal(Ended.AttemptAndJob, await Jobs.RetryLaterAsync(first.AttemptId, Unknown, TimeSpan.Zero, Ct));
        var second = await ClaimAgainAsync(first.JobId);

        Assert.Equal(Ended.Attempt, await Jobs.FailAsync(first.AttemptId, Ending(AttemptStatus.Failed), Ct));

        var job = await rows.JobAsync(first.JobId);
        Assert.Equal((JobStatus.Running, second.AttemptId), (job.Status, job.AttemptId));
        Assert.Equal(AttemptStatus.Failed, (await rows.AttemptsAsync(job.Id))[0].Status);
    }

    [Fact]
    public async Task An_answer_is_received_once_and_not_after_its_attempt_was_given_up()
    {
        var claimed = await RunningAsync();
        var facts = Result(claimed).Answer;
        var received = await Task.WhenAll(Enumerable.Range(0, Rounds).Select(_ => Jobs.ReceivedAsync(claimed.AttemptId, facts, Ct)));
        Assert.Single(received, won => won);

        var lost = await RunningAsync();
        Assert.Equal(Ended.AttemptAndJob, await Jobs.RetryLaterAsync(lost.AttemptId, Unknown, TimeSpan.Zero, Ct));
        Assert.False(await Jobs.ReceivedAsync(lost.AttemptId, facts, Ct));
        Assert.Equal(AttemptStatus.Unknown, Assert.Single(await rows.AttemptsAsync(lost.JobId)).Status);
    }

    async Task<ClaimedJob> RunningAsync(Job? job = null)
    {
        job = await rows.AddAsync(job ?? rows.NewJob());
        return Assert.IsType<ClaimedJob>(await ClaimAsync(job.Id, await rows.AdmitAsync(job)));
    }

    async Task<ClaimedJob> ClaimAgainAsync(Guid job) =>
        Assert.IsType<ClaimedJob>(await ClaimAsync(job, await rows.AdmitAsync(await rows.JobAsync(job))));

    Task<ClaimedJob?> ClaimAsync(Guid job, int ticket) => Jobs.ClaimAsync(job, ticket, Guid.CreateVersion7(), node, "here", Ct);

    static AttemptEnding Unknown => Ending(AttemptStatus.Unknown) with { PossibleCost = 0.02m, CountsAsUnknown = true };

    static AttemptEnding Ending(string status) => new(status) { ErrorCode = "lost", ErrorMessage = "It was lost.", ErrorStage = "call", Counts = true };

    static JobResult Result(ClaimedJob job) => new(
        new AnswerFacts(200, "req_1", """{"input_tokens": 3,"output_tokens":272,"total_tokens":275}"""),
        DateTimeOffset.UnixEpoch, "png", "low", "1024x1024", Partial: false, Cost: 0.01m,
        [new Image { JobId = job.JobId, AttemptId = job.AttemptId, Index = 0, Extension = "png", ContentType = "image/png", Bytes = 10, Sha256 = new byte[32], Width = 1024, Height = 1024 }]);
}
