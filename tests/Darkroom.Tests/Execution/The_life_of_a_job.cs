using Darkroom.Migrations.Rows;
using Darkroom.Simulator;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Admission;
using Xunit;

namespace Darkroom.Tests.Execution;

/// <summary>The main path on real parts: Postgres, Hangfire, the simulated endpoint over HTTP, files.</summary>
public sealed class The_life_of_a_job
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_queued_job_becomes_stored_pictures_a_ledger_and_a_cost()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var simulator = await SimulatorHost.StartAsync(o => (o.LatencyScale, o.MinPictureBytes, o.MaxPictureBytes) = (0, 0, 0));
        var rows = new Rows(database);
        await rows.SeedAsync();
        await using var worker = await TestWorker.StartAsync(database, simulator);

        var job = await rows.AddAsync(rows.NewJob(n: 2));
        worker.Get<WorkSignal>().Raise();
        await rows.WaitForAsync([job.Id], [JobStatus.Succeeded], Ct);

        var done = await rows.JobAsync(job.Id);
        Assert.Equal([0, 1], done.Images.Select(i => i.Index).Order());
        Assert.All(done.Images, i => Assert.True(File.Exists(
            Path.Combine(worker.ImagesPath, $"{i.JobId:N}".Insert(0, $"{job.ProjectId:N}/"), $"{i.AttemptId:N}", $"{i.Index}.{i.Extension}"))));
        var attempt = Assert.Single(await rows.AttemptsAsync(job.Id));
        Assert.Equal((AttemptStatus.Succeeded, 200), (attempt.Status, attempt.HttpStatus));
        var call = Assert.Single(simulator.Account.Calls);
        Assert.Equal(attempt.Id.ToString(), call.ClientRequestId);
        Assert.True(done.CostAmount > 0);
        Assert.Empty(Directory.EnumerateFiles(worker.SpoolPath, "*.json", SearchOption.AllDirectories));
    }
}
