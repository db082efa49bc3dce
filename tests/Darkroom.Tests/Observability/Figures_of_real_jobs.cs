using Darkroom.Migrations;
using Darkroom.Migrations.Rows;
using Darkroom.Simulator;
using Darkroom.Tests.Api;
using Darkroom.Tests.Batches;
using Darkroom.Tests.Files;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Admission;
using Darkroom.Worker.Api;
using Darkroom.Worker.Jobs;
using Darkroom.Worker.Webhooks;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Darkroom.Tests.Observability;

/// <summary>Figures agree with the ledger.</summary>
public sealed class Figures_of_real_jobs : IAsyncLifetime
{
    TestDatabase database = null!;
    SimulatorHost simulator = null!;
    Rows rows = null!;

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        simulator = await SimulatorHost.StartAsync();
        rows = new Rows(database);
        await rows.SeedAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await simulator.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task Outcomes_tokens_cost_and_bytes_are_those_of_the_ledger()
    {
        await using var worker = await TestWorker.StartAsync(database, simulator, "Darkroom:Backoff:Base=00:00:00.1");
        using var figures = new SeenFigures(worker);
        simulator.Faults.Add("http_500", times: 1);
        var good = await RunAsync(worker, rows.NewJob(n: 2), JobStatus.Succeeded);
        simulator.Faults.Add("moderation_blocked", times: 1);
        await RunAsync(worker, rows.NewJob(), JobStatus.Failed);
        simulator.Faults.Add("http_502", times: 2);
        var held = await RunAsync(worker, rows.NewJob(), JobStatus.Held);
        await worker.App.StopAsync(Ct);

        Assert.Equal(1, figures.Sum("darkroom.attempts", ("outcome", "succeeded"), ("reason", "none"), ("endpoint", "default")));
        Assert.Equal(1, figures.Sum("darkroom.attempts", ("outcome", "unknown"), ("reason", "server_error")));
        Assert.Equal(2, figures.Sum("darkroom.attempts", ("outcome", "unknown"), ("reason", "gateway_error")));
        Assert.Equal(1, figures.Sum("darkroom.attempts", ("outcome", "rejected"), ("reason", "moderation_blocked")));
        Assert.Equal(5, figures.Sum("darkroom.attempts"));
        Assert.Equal((1, 1), (figures.Sum("darkroom.retries", ("reason", "server_error")), figures.Sum("darkroom.retries", ("reason", "gateway_error"))));
        foreach (var status in new[] { "succeeded", "failed", "held" })
            Assert.Equal(1, figures.Sum("darkroom.jobs.ended", ("status", status)));
        Assert.Equal(5, figures.Sum("darkroom.jobs.admitted"));

        Assert.Equal(544, figures.Sum("gen_ai.client.token.usage", ("gen_ai.token.type", "output"), ("gen_ai.request.model", "gpt-image-1.5")));
        Assert.Equal((double)(await rows.JobAsync(good.Id)).CostAmount!.Value, figures.Sum("darkroom.cost.usd"), precision: 8);
        var possible = (await rows.JobAsync(good.Id)).CostPossible + (await rows.JobAsync(held.Id)).CostPossible;
        Assert.Equal((double)possible!.Value, figures.Sum("darkroom.cost.possible.usd"), precision: 8);
        Assert.Equal((2, (await rows.JobAsync(good.Id)).Images.Sum(i => i.Bytes)), (figures.Sum("darkroom.images"), figures.Sum("darkroom.stored")));
        Assert.True(figures.Sum("darkroom.received") > figures.Sum("darkroom.stored"));
        Assert.Equal(5, figures.Values("gen_ai.client.operation.duration").Count);
        Assert.Equal(4, figures.Values("gen_ai.client.operation.duration").Count - figures.Values("gen_ai.client.operation.duration", ("error.type", "moderation_blocked")).Count);
        foreach (var step in new[] { "first_byte", "body", "keep", "store", "record" })
            Assert.Single(figures.Values("darkroom.attempt.step.duration", ("step", step)));
    }

    [Fact]
    public async Task A_job_is_taken_in_alone_as_a_line_or_as_a_line_tried_again()
    {
        await using var worker = await TestWorker.StartAsync(database, simulator);
        var (ended, _) = await rows.AddBatchAsync(BatchStatus.Completed, [JobStatus.Failed, JobStatus.Succeeded, JobStatus.Canceled], await database.DefaultProjectAsync());
        using var figures = new SeenFigures(worker);
        using var client = worker.Client();

        using var alone = await client.PostJsonAsync("/v1/jobs", """{"model":"gpt-image-1.5","prompt":"an owl"}""");
        Assert.Equal(1, figures.Sum("darkroom.jobs.submitted", ("endpoint", "default"), ("model", "gpt-image-1.5")));
        using var again = await client.PostJsonAsync($"/v1/batches/{WireId.Batch.Format(ended.Id)}/retry-failed", "{}");
        Assert.Equal(3, figures.Sum("darkroom.jobs.submitted"));
        var line = """{"custom_id":"ID","method":"POST","url":"/v1/images/generations","body":{"model":"gpt-image-1","prompt":"an owl"}}""";
        var file = await client.UploadAsync(string.Join('\n', "abc".Select(id => line.Replace("ID", $"{id}", StringComparison.Ordinal))));
        using var created = await client.PostJsonAsync("/v1/batches", $$"""{"input_file_id":"{{file.IdOf()}}"}""");
        await worker.Log.WaitForAsync("3 lines are jobs now", Ct);
        Assert.Equal((3, 6), (figures.Sum("darkroom.jobs.submitted", ("model", "gpt-image-1")), figures.Sum("darkroom.jobs.submitted")));
    }

    [Fact]
    public async Task A_job_ends_without_an_attempt_by_a_person_a_deadline_or_its_batch()
    {
        await using var worker = await TestWorker.StartAsync(database, simulator, "Darkroom:Roles=api");
        using var figures = new SeenFigures(worker);
        var jobs = worker.Get<JobTransitions>();
        var unwanted = await rows.AddAsync(rows.NewJob(status: JobStatus.Held));
        await rows.AddAsync(rows.NewJob(deadline: DateTimeOffset.UnixEpoch));
        await rows.AddBatchAsync(BatchStatus.Cancelling, [JobStatus.Queued, JobStatus.Held, JobStatus.Succeeded]);
        var (late, _) = await rows.AddBatchAsync(BatchStatus.InProgress, [JobStatus.Queued, JobStatus.Queued]);
        await using (var db = rows.CreateDbContext())
            await db.Batches.Where(b => b.Id == late.Id).ExecuteUpdateAsync(set => set.SetProperty(b => b.ExpiringAt, b => DarkroomDb.Now()), Ct);

        await jobs.CancelAsync(unwanted.ProjectId, unwanted.Id, Ct);
        await jobs.CancelAsync(unwanted.ProjectId, unwanted.Id, Ct);
        await jobs.ExpireAsync(10, Ct);
        await jobs.CancelLinesAsync(10, Ct);
        await jobs.ExpireLinesAsync(10, Ct);

        Assert.Equal((3, 3), (Ended("canceled"), Ended("failed")));

        double Ended(string status) => figures.Sum("darkroom.jobs.ended", ("endpoint", "default"), ("status", status));
    }

    [Fact]
    public async Task A_receiver_that_a_person_disabled_is_nobodys_trouble()
    {
        await using var worker = await TestWorker.StartAsync(database, simulator, "Darkroom:Roles=api");
        await using (var db = rows.CreateDbContext())
        {
            foreach (var reason in new[] { ReceiverRegistry.ByPerson, "The receiver answered 410: it wants nothing more." })
                db.WebhookEndpoints.Add(new WebhookEndpoint { Id = Guid.CreateVersion7(), ProjectId = rows.Project, Url = "https://example.com", Secret = [], DisabledAt = DateTimeOffset.UnixEpoch, DisabledReason = reason, CreatedAt = DateTimeOffset.UnixEpoch });
            await db.SaveChangesAsync(Ct);
        }
        using var figures = new SeenFigures(worker);
        figures.Observe();

        Assert.Equal(1, figures.Sum("darkroom.webhook.receivers.disabled"));
    }

    [Fact]
    public async Task The_state_of_the_cluster_is_that_of_the_database()
    {
        await rows.AddAsync(rows.NewJob(status: JobStatus.Held));
        await rows.AddAsync(rows.NewJob(due: DateTimeOffset.UtcNow.AddDays(1)));
        simulator.Hold();
        await using var worker = await TestWorker.StartAsync(database, simulator);
        var running = await RunAsync(worker, rows.NewJob(due: DateTimeOffset.UtcNow.AddSeconds(-40)), JobStatus.Running);
        // Its endpoint takes one call; the other jobs wait for it.
        using var figures = new SeenFigures(worker);
        figures.Observe();

        Assert.Equal(1, figures.Sum("darkroom.database.reachable"));
        Assert.Equal((1, 0, 1, 1), (figures.Sum("darkroom.jobs.queued", ("endpoint", "default")), figures.Sum("darkroom.jobs.due"), figures.Sum("darkroom.jobs.running", ("endpoint", "default")), figures.Sum("darkroom.jobs.held")));
        Assert.Equal((1, 0), (figures.Sum("darkroom.calls.open", ("status", "dispatched")), figures.Sum("darkroom.calls.open", ("status", "received"))));
        Assert.Equal((1, 0), (figures.Sum("darkroom.nodes", ("state", "accepting")), figures.Sum("darkroom.nodes", ("state", "silent"))));
        Assert.Equal((20, 20, 1, 1), (figures.Sum("darkroom.slots"), figures.Sum("darkroom.node.slots"), figures.Sum("darkroom.node.calls"), figures.Sum("darkroom.node.accepting")));
        Assert.Equal((1, 0, 0), (State("active"), State("gated"), State("paused")));
        Assert.Equal(60000, figures.Sum("darkroom.endpoint.images_per_minute"));
        Assert.Equal(2, figures.Sum("darkroom.hangfire.servers"));
        Assert.Equal(1, figures.Sum("darkroom.hangfire.jobs", ("state", "processing")));
        Assert.True(figures.Sum("darkroom.lease.overdue", ("lease", "admission")) < 30);
        simulator.Release();
        await rows.WaitForAsync([running.Id], [JobStatus.Succeeded], Ct);

        double State(string state) => figures.Sum("darkroom.endpoint.state", ("endpoint", "default"), ("state", state));
    }

    async Task<Job> RunAsync(TestWorker worker, Job job, string until)
    {
        await rows.AddAsync(job);
        worker.Get<WorkSignal>().Raise();
        await rows.WaitForAsync([job.Id], [until], Ct);
        return job;
    }
}
