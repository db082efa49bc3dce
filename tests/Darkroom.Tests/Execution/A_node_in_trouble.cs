using System.Net;
using Darkroom.Migrations.Rows;
using Darkroom.Simulator;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Admission;
using Darkroom.Worker.Execution;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Darkroom.Tests.Execution;

/// <summary>A store that is down, a node that stops, a node that is gone: what was bought is kept and bought once.</summary>
public sealed class A_node_in_trouble : IAsyncLifetime
{
    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("darkroom-trouble-");
    TestDatabase database = null!;
    SimulatorHost simulator = null!;
    Rows rows = null!;

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    string ImagesPath => Path.Combine(folder.FullName, "images");

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
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task An_answer_waits_for_a_store_that_is_down_and_is_not_bought_again()
    {
        await using var worker = await StartAsync();
        BreakStore();
        var job = await SubmitAsync(worker);
        await worker.Log.WaitForAsync("cannot be used", Ct);
        Assert.Equal(AttemptStatus.Received, Assert.Single(await rows.AttemptsAsync(job.Id)).Status);

        File.Delete(ImagesPath);
        await rows.WaitForAsync([job.Id], [JobStatus.Succeeded], Ct);

        Assert.Single(simulator.Account.Calls);
    }

    [Fact]
    public async Task What_a_process_left_in_its_spool_is_finished_by_the_next_one()
    {
        Job job;
        await using (var first = await StartAsync("Darkroom:Worker:DrainTimeout=00:00:00"))
        {
            BreakStore();
            job = await SubmitAsync(first);
            await first.Log.WaitForAsync("cannot be used", Ct);
        }
        Assert.Equal(AttemptStatus.Received, Assert.Single(await rows.AttemptsAsync(job.Id)).Status);

        File.Delete(ImagesPath);
        await using var second = await StartAsync();
        await rows.WaitForAsync([job.Id], [JobStatus.Succeeded], Ct);

        Assert.Single(simulator.Account.Calls);
        Assert.Single((await rows.JobAsync(job.Id)).Images);
        Assert.Equal(AttemptStatus.Succeeded, Assert.Single(await rows.AttemptsAsync(job.Id)).Status);
    }

    [Fact]
    public async Task What_waits_for_the_store_is_its_new_holders_and_is_not_taken_for_lost()
    {
        Job job;
        await using (var first = await StartAsync("Darkroom:Worker:DrainTimeout=00:00:00"))
        {
            BreakStore();
            job = await SubmitAsync(first);
            await first.Log.WaitForAsync("cannot be used", Ct);
        }
        await database.ShiftClockAsync(TimeSpan.FromMinutes(14));
        File.Delete(ImagesPath);
        // Nobody listens there.
        await using var second = await StartAsync(
            "Darkroom:Storage:Provider=AzureBlob", "ConnectionStrings:BlobStorage=DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;BlobEndpoint=http://127.0.0.1:9/a");
        await second.Log.WaitForAsync("Adopted attempt", Ct);

        var attempt = Assert.Single(await rows.AttemptsAsync(job.Id));
        Assert.Equal((AttemptStatus.Received, second.Get<NodeIdentity>().Id), (attempt.Status, attempt.NodeId));
        Assert.InRange(attempt.ReceivedAt!.Value, DateTimeOffset.UtcNow.AddMinutes(13), DateTimeOffset.MaxValue);
    }

    [Fact]
    public async Task What_the_database_knows_nothing_of_is_set_aside_and_not_thrown_away()
    {
        await using (var first = await StartAsync("Darkroom:Worker:DrainTimeout=00:00:00"))
        {
            BreakStore();
            var job = await SubmitAsync(first);
            await first.Log.WaitForAsync("cannot be used", Ct);
            await using var db = rows.CreateDbContext();
            await db.Attempts.ExecuteDeleteAsync(Ct);
            await db.Jobs.ExecuteDeleteAsync(Ct);
        }

        File.Delete(ImagesPath);
        await using var second = await StartAsync();
        await second.Log.WaitForAsync("is not in this database", Ct);

        var manifest = Assert.Single(Directory.GetFiles(folder.FullName, "*.json.damaged", SearchOption.AllDirectories));
        Assert.NotEmpty(Directory.GetFiles(Path.GetDirectoryName(manifest)!, "*.0"));
    }

    [Fact]
    public async Task A_call_in_flight_at_the_stop_is_finished_within_the_drain_time()
    {
        var worker = await StartAsync("Darkroom:Worker:DrainTimeout=00:01:00");
        await using var _ = worker;
        simulator.Hold();
        var job = await SubmitAsync(worker);
        await simulator.Account.WaitForHeldAsync(1, Ct);
        var waiting = await rows.AddAsync(rows.NewJob(due: DateTimeOffset.UtcNow.AddSeconds(-1)));
        var stop = worker.App.StopAsync(Ct);
        simulator.Release();
        await stop;

        Assert.Equal(JobStatus.Succeeded, (await rows.JobAsync(job.Id)).Status);
        Assert.Equal(AttemptStatus.Succeeded, Assert.Single(await rows.AttemptsAsync(job.Id)).Status);
        await using var db = rows.CreateDbContext();
        var node = Assert.Single(db.Nodes);
        Assert.NotNull(node.EndedAt);
        Assert.False(node.Lost);
        Assert.Contains((await rows.JobAsync(waiting.Id)).Status, (string[])[JobStatus.Queued, JobStatus.Succeeded]);
    }

    [Fact]
    public async Task A_call_that_outlasts_the_drain_time_is_unknown_and_its_job_waits_for_another_node()
    {
        await using (var worker = await StartAsync("Darkroom:Worker:DrainTimeout=00:00:00"))
        {
            simulator.Hold();
            var held = await SubmitAsync(worker);
            await simulator.Account.WaitForHeldAsync(1, Ct);
            await worker.App.StopAsync(Ct);

            Assert.Equal(AttemptStatus.Unknown, Assert.Single(await rows.AttemptsAsync(held.Id)).Status);
            Assert.Equal(JobStatus.Queued, (await rows.JobAsync(held.Id)).Status);
        }
        simulator.Release();
    }

    [Fact]
    public async Task The_calls_of_a_node_that_fell_silent_are_rescued_and_its_job_runs_again()
    {
        var job = await rows.AddAsync(rows.NewJob(status: JobStatus.Running));
        await AddSilentCallAsync(job);
        await using var worker = await StartAsync("Darkroom:Worker:HeartbeatInterval=00:00:00.2", "Darkroom:Worker:RescueAfter=00:00:01");

        await rows.WaitForAsync([job.Id], [JobStatus.Succeeded], Ct);

        // With heartbeats this quick, a busy machine's own may be too old for a call: then nothing is sent, and the attempt says so.
        var sent = (await rows.AttemptsAsync(job.Id)).Select(a => a.Status).Where(status => status != AttemptStatus.Undelivered);
        Assert.Equal([AttemptStatus.Unknown, AttemptStatus.Succeeded], sent);
        Assert.Single(simulator.Account.Calls);
        await using var db = rows.CreateDbContext();
        Assert.True(Assert.Single(db.Nodes, n => n.Name == "gone").Lost);
    }

    [Fact]
    public async Task A_call_of_a_lost_node_is_told_of_although_its_job_was_cancelled_meanwhile()
    {
        var job = await rows.AddAsync(rows.NewJob(status: JobStatus.Canceled));
        await AddSilentCallAsync(job);
        await using var worker = await StartAsync("Darkroom:Worker:HeartbeatInterval=00:00:00.2", "Darkroom:Worker:RescueAfter=00:00:01");

        await worker.Log.WaitForAsync("outcome=unknown reason=node_lost", Ct);

        Assert.Equal(AttemptStatus.Unknown, Assert.Single(await rows.AttemptsAsync(job.Id)).Status);
        Assert.Equal(JobStatus.Canceled, (await rows.JobAsync(job.Id)).Status);
    }

    [Fact]
    public async Task Below_the_floor_of_free_disk_space_it_takes_no_work_and_says_so()
    {
        await using var worker = await StartAsync($"Darkroom:Worker:SpoolMinFreeBytes={long.MaxValue}");
        var job = await SubmitAsync(worker);
        using var client = worker.Client();
        using var answer = await client.GetAsync(new Uri("/health/ready", UriKind.Relative), Ct);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Contains("the spool's disk has only", await answer.Content.ReadAsStringAsync(Ct), StringComparison.Ordinal);
        await worker.Get<AdmissionPass>().RunAsync(Ct);
        Assert.Null((await rows.JobAsync(job.Id)).AdmittedAt);
        Assert.Empty(simulator.Account.Calls);
    }

    [Fact]
    public async Task An_answer_that_the_spool_cannot_keep_stays_in_the_ledger_with_its_cost_and_the_job_runs_again()
    {
        await using var worker = await StartAsync();
        simulator.Hold();
        var job = await SubmitAsync(worker);
        await simulator.Account.WaitForHeldAsync(1, Ct);
        // A folder in the manifest's place.
        var attempt = Assert.Single(await rows.AttemptsAsync(job.Id)).Id;
        var own = Assert.Single(Directory.GetDirectories($"{folder.FullName}/spool"));
        Directory.CreateDirectory($"{own}/{attempt:N}.json.part");
        simulator.Release();
        await rows.WaitForAsync([job.Id], [JobStatus.Succeeded], Ct);

        var attempts = await rows.AttemptsAsync(job.Id);
        Assert.Equal([AttemptStatus.Unknown, AttemptStatus.Succeeded], attempts.Select(a => a.Status));
        Assert.Equal("spool_failed", attempts[0].ErrorCode);
        Assert.NotNull(attempts[0].Usage);
        Assert.True(attempts[0].Cost > 0);
    }

    [Fact]
    public async Task An_answer_whose_spooled_picture_is_damaged_is_held_in_words_and_not_bought_again()
    {
        await using var worker = await StartAsync();
        BreakStore();
        var job = await SubmitAsync(worker);
        await worker.Log.WaitForAsync("cannot be used", Ct);
        File.Delete(Assert.Single(Directory.GetFiles($"{folder.FullName}/spool", "*.0", SearchOption.AllDirectories)));
        File.Delete(ImagesPath);
        await rows.WaitForAsync([job.Id], [JobStatus.Held], Ct);

        Assert.Contains(".json.damaged", (await rows.JobAsync(job.Id)).ErrorMessage, StringComparison.Ordinal);
        Assert.Single(simulator.Account.Calls);
        Assert.NotNull(Assert.Single(await rows.AttemptsAsync(job.Id)).Cost);
    }

    Task<TestWorker> StartAsync(params string[] settings) => TestWorker.StartAsync(
        database, simulator,
        [$"Darkroom:Storage:FileSystem:Root={ImagesPath}", $"Darkroom:Worker:SpoolPath={folder.FullName}/spool", .. settings]);

    /// <summary>A file where the folder was: nothing can be put there.</summary>
    void BreakStore()
    {
        if (Directory.Exists(ImagesPath))
            Directory.Delete(ImagesPath, recursive: true);
        File.WriteAllText(ImagesPath, "in the way");
    }

    async Task<Job> SubmitAsync(TestWorker worker)
    {
        var job = await rows.AddAsync(rows.NewJob());
        worker.Get<WorkSignal>().Raise();
        return job;
    }

    async Task AddSilentCallAsync(Job job)
    {
        var (node, attempt, then) = (Guid.CreateVersion7(), Guid.CreateVersion7(), DateTimeOffset.UtcNow.AddMinutes(-5));
        await using var db = rows.CreateDbContext();
        db.Nodes.Add(new Node { Id = node, Name = "gone", StartedAt = then, HeartbeatAt = then, Slots = 1, Accepting = true });
        db.Attempts.Add(new Attempt
        {
            Id = attempt,
            JobId = job.Id,
            Number = 1,
            Status = AttemptStatus.Dispatched,
            NodeId = node,
            NodeName = "gone",
            Endpoint = Rows.Endpoint,
            StartedAt = then,
        });
        await db.SaveChangesAsync(Ct);
        await using var command = database.DataSource.CreateCommand("UPDATE darkroom.jobs SET attempt_id = $1, attempts = 1 WHERE id = $2");
        command.Parameters.AddWithValue(attempt);
        command.Parameters.AddWithValue(job.Id);
        await command.ExecuteNonQueryAsync(Ct);
    }
}
