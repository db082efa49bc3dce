using Darkroom.Migrations.Rows;
using Darkroom.Simulator;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Admission;
using Hangfire;
using Hangfire.States;
using Xunit;

namespace Darkroom.Tests.Admission;

/// <summary>Hangfire may lose, double or delay tickets, and nothing goes wrong.</summary>
public sealed class Tickets(TestDatabase database) : IClassFixture<TestDatabase>
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    readonly Rows rows = new(database);

    /// <summary>A worker that can issue tickets and run none: its slots all wait until it accepts work again.</summary>
    async Task<(SimulatorHost, TestWorker)> StartAsync()
    {
        var simulator = await SimulatorHost.StartAsync(o => (o.LatencyScale, o.MinPictureBytes, o.MaxPictureBytes) = (0, 0, 0));
        await rows.SeedAsync();
        return (simulator, await TestWorker.StartAsync(database, simulator));
    }

    [Fact]
    public async Task A_ticket_that_Hangfire_loses_is_issued_again()
    {
        var (simulator, worker) = await StartAsync();
        await using var _ = simulator;
        await using var __ = worker;
        // Every ticket is deleted in the statement that writes it, until the trigger is dropped: Hangfire loses them all.
        await ExecuteAsync("""
            CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_notify('lost', ''); RETURN NULL; END $$;
            CREATE TRIGGER lose BEFORE INSERT ON hangfire.jobqueue FOR EACH ROW EXECUTE FUNCTION lose();
            """);
        await using var losses = await database.DataSource.OpenConnectionAsync(Ct);
        await using (var listen = new Npgsql.NpgsqlCommand("LISTEN lost", losses))
            await listen.ExecuteNonQueryAsync(Ct);

        var job = await rows.AddAsync(rows.NewJob());
        worker.Get<WorkSignal>().Raise();
        await losses.WaitAsync(Ct);
        await ExecuteAsync("DROP TRIGGER lose ON hangfire.jobqueue");
        await rows.WaitForAsync([job.Id], [JobStatus.Succeeded], Ct);

        Assert.True((await rows.JobAsync(job.Id)).Ticket >= 2);
        Assert.Single(simulator.Account.Calls);
    }

    [Fact]
    public async Task A_doubled_ticket_buys_nothing_twice()
    {
        var (simulator, worker) = await StartAsync();
        await using var _ = simulator;
        await using var __ = worker;
        simulator.Hold();
        var job = await rows.AddAsync(rows.NewJob());
        worker.Get<WorkSignal>().Raise();
        await simulator.Account.WaitForCallsAsync(1, Ct);

        // The same ticket ten times more while it runs, and ten times when it has run.
        var hangfire = worker.Get<IBackgroundJobClient>();
        var ticket = (await rows.JobAsync(job.Id)).Ticket;
        var doubles = Double(hangfire, job.Id, ticket).ToList();
        worker.Get<Worker.Execution.TicketQueue>().Wake();
        simulator.Release();
        await rows.WaitForAsync([job.Id], [JobStatus.Succeeded], Ct);
        doubles.AddRange(Double(hangfire, job.Id, ticket));
        worker.Get<Worker.Execution.TicketQueue>().Wake();

        var storage = worker.Get<JobStorage>();
        foreach (var id in doubles)
            await UntilAsync(() => storage.GetMonitoringApi().JobDetails(id)?.History.Any(h => h.StateName == SucceededState.StateName) == true);
        Assert.Single(simulator.Account.Calls);
        Assert.Single(await rows.AttemptsAsync(job.Id));
    }

    [Fact]
    public async Task A_ticket_that_comes_a_minute_late_buys_nothing_twice()
    {
        var (simulator, worker) = await StartAsync();
        await using var _ = simulator;
        await using var __ = worker;
        await ExecuteAsync("""
            CREATE TABLE hangfire.late (LIKE hangfire.jobqueue INCLUDING DEFAULTS);
            CREATE FUNCTION delay() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN INSERT INTO hangfire.late SELECT NEW.*; PERFORM pg_notify('late', ''); RETURN NULL; END $$;
            CREATE TRIGGER delay BEFORE INSERT ON hangfire.jobqueue FOR EACH ROW EXECUTE FUNCTION delay();
            """);
        await using var delays = await database.DataSource.OpenConnectionAsync(Ct);
        await using (var listen = new Npgsql.NpgsqlCommand("LISTEN late", delays))
            await listen.ExecuteNonQueryAsync(Ct);
        var job = await rows.AddAsync(rows.NewJob());
        worker.Get<WorkSignal>().Raise();
        await delays.WaitAsync(Ct);
        await ExecuteAsync("DROP TRIGGER delay ON hangfire.jobqueue");
        await database.ShiftClockAsync(TimeSpan.FromMinutes(1));
        await rows.WaitForAsync([job.Id], [JobStatus.Succeeded], Ct);

        await ExecuteAsync("INSERT INTO hangfire.jobqueue SELECT * FROM hangfire.late");
        worker.Get<Worker.Execution.TicketQueue>().Wake();
        await UntilAsync(() => worker.Get<JobStorage>().GetMonitoringApi().EnqueuedCount(Worker.Execution.HangfireSetup.GenerateQueue) == 0);

        Assert.Single(simulator.Account.Calls);
        Assert.Single(await rows.AttemptsAsync(job.Id));
    }

    [Fact]
    public async Task Without_its_tables_at_the_start_and_with_locks_that_dead_processes_left_generation_goes_on()
    {
        await using (var simulatorOfTables = await SimulatorHost.StartAsync())
        await using (await TestWorker.StartAsync(database, simulatorOfTables))
            await rows.SeedAsync();
        await ExecuteAsync("DROP SCHEMA hangfire CASCADE");

        var (simulator, worker) = await StartAsync();
        await using var _ = simulator;
        await using var __ = worker;
        await ExecuteAsync("""
            INSERT INTO hangfire.lock (resource, acquired) SELECT 'hangfire:' || name, now()
            FROM unnest(ARRAY['locks:schedulepoller', 'recurring-jobs:lock', 'expirationmanager', 'counteraggregator', 'job:1:state-lock']) AS name
            ON CONFLICT DO NOTHING
            """);
        var job = await rows.AddAsync(rows.NewJob());
        worker.Get<WorkSignal>().Raise();
        await rows.WaitForAsync([job.Id], [JobStatus.Succeeded], Ct);
        await worker.Get<Worker.Retention.RetentionSweep>().SweepAsync(Ct);

        Assert.Single(simulator.Account.Calls);
    }

    static IEnumerable<string> Double(IBackgroundJobClient hangfire, Guid job, int ticket) => Enumerable.Range(0, 10).Select(_ =>
        hangfire.Create<Worker.Execution.JobRunner>(r => r.RunAsync(job, ticket), new EnqueuedState(Worker.Execution.HangfireSetup.GenerateQueue)));

    /// <summary>Hangfire tells nobody when a job has run: its table is asked until it says so.</summary>
    static async Task UntilAsync(Func<bool> holds)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!holds())
            await ticks.WaitForNextTickAsync(patience.Token);
    }

    async Task ExecuteAsync(string sql)
    {
        await using var command = database.DataSource.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Ct);
    }
}
