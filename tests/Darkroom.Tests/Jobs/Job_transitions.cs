using Darkroom.Migrations.Rows;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Jobs;
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

    static JobResult Result(ClaimedJob job) => new(
        new AnswerFacts(200, "req_1", """{"input_tokens": 3,"output_tokens":272,"total_tokens":275}"""),
        DateTimeOffset.UnixEpoch, "png", "low", "1024x1024", Partial: false, Cost: 0.01m,
        [new Image { JobId = job.JobId, AttemptId = job.AttemptId, Index = 0, Extension = "png", ContentType = "image/png", Bytes = 10, Sha256 = new byte[32], Width = 1024, Height = 1024 }]);
}
