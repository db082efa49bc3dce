using System.Diagnostics.CodeAnalysis;
using Darkroom.Migrations.Rows;
using Darkroom.Simulator;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Admission;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Darkroom.Tests.Execution;

/// <summary>The database refuses what no version of ours should write: a defect that is neither an outage nor an answer of the endpoint.</summary>
[SuppressMessage("Security", "CA2100", Justification = "SQL of this file.")]
public sealed class A_defect_of_ours : IAsyncLifetime
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
    public async Task Met_with_an_answer_in_hand_does_not_buy_it_again()
    {
        await RefuseAsync("attempts", "NEW.status = 'received'");
        await using var worker = await TestWorker.StartAsync(database, simulator);

        var job = await rows.AddAsync(rows.NewJob());
        worker.Get<WorkSignal>().Raise();
        await rows.WaitForAsync([job.Id], [JobStatus.Succeeded, JobStatus.Held, JobStatus.Failed], Ct);

        Assert.Equal(JobStatus.Succeeded, (await rows.JobAsync(job.Id)).Status);
        Assert.Single(simulator.Account.Calls);
        Assert.Equal(AttemptStatus.Succeeded, Assert.Single(await rows.AttemptsAsync(job.Id)).Status);
        Assert.Contains(worker.Log.All, line => line.Contains("met a defect", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Met_with_one_row_ends_no_node_and_stops_no_other_job()
    {
        await RefuseAsync("jobs", "NEW.error_code = 'deadline_exceeded'");
        var late = await rows.AddAsync(rows.NewJob(deadline: DateTimeOffset.UnixEpoch));
        await using var worker = await TestWorker.StartAsync(database, simulator);
        await worker.Log.WaitForAsync("A defect was met", Ct);

        var job = await rows.AddAsync(rows.NewJob());
        worker.Get<WorkSignal>().Raise();
        await rows.WaitForAsync([job.Id], [JobStatus.Succeeded], Ct);
        await ExecuteAsync("DROP TRIGGER refuse ON darkroom.jobs");

        worker.Get<WorkSignal>().Raise();
        await rows.WaitForAsync([late.Id], [JobStatus.Failed], Ct);
    }

    /// <summary>However it came into a row, a receiver's URL undoes no state.</summary>
    [Fact]
    public async Task In_a_receivers_url_undoes_no_transition()
    {
        var job = await rows.AddAsync(rows.NewJob(status: JobStatus.Held));
        await using (var db = rows.CreateDbContext())
            await db.Jobs.Where(j => j.Id == job.Id).ExecuteUpdateAsync(set => set.SetProperty(j => j.WebhookUrl, @"https:\\example.com"), Ct);

        Assert.True((await rows.Transitions.CancelAsync(job.ProjectId, job.Id, Ct))!.Won);

        await using var after = rows.CreateDbContext();
        Assert.Equal(@"https:\\example.com", (await after.WebhookDeliveries.SingleAsync(Ct)).Url);
    }

    Task RefuseAsync(string table, string what) => ExecuteAsync($"""
        CREATE FUNCTION darkroom.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$;
        CREATE TRIGGER refuse BEFORE UPDATE ON darkroom.{table} FOR EACH ROW WHEN ({what}) EXECUTE FUNCTION darkroom.refuse()
        """);

    async Task ExecuteAsync(string sql)
    {
        await using var command = database.DataSource.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Ct);
    }
}
