using System.Net;
using Darkroom.Migrations.Rows;
using Darkroom.Simulator;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Admission;
using Darkroom.Worker.Api;
using Darkroom.Worker.Retention;
using Darkroom.Worker.Usage;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Darkroom.Tests.Retention;

public sealed class Removing_old_work : IAsyncLifetime
{
    TestDatabase database = null!;
    SimulatorHost simulator = null!;
    Rows rows = null!;

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        simulator = await SimulatorHost.StartAsync(o => o.LatencyScale = 0);
        rows = new Rows(database);
        await rows.SeedAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await simulator.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task Nothing_is_removed_by_default_however_old()
    {
        await using var worker = await TestWorker.StartAsync(database, simulator);
        var job = await RunAsync(worker);
        await database.ShiftClockAsync(TimeSpan.FromDays(3650));

        await worker.Get<RetentionSweep>().SweepAsync(Ct);

        Assert.Single((await rows.JobAsync(job.Id)).Images);
        Assert.Single(await rows.AttemptsAsync(job.Id));
        Assert.Single(Pictures(worker));
    }

    [Fact]
    public async Task Finished_jobs_go_with_their_attempts_and_pictures_and_all_others_stay()
    {
        await using var worker = await TestWorker.StartAsync(database, simulator, "Darkroom:Retention:Jobs=30.00:00:00", "Darkroom:Retention:BatchSize=2");
        Job[] old = [await RunAsync(worker), await RunAsync(worker), await RunAsync(worker)];
        var held = await rows.AddAsync(rows.NewJob(status: JobStatus.Held));
        await database.ShiftClockAsync(TimeSpan.FromDays(31));
        var young = await RunAsync(worker);

        await worker.Get<RetentionSweep>().SweepAsync(Ct);

        await using var db = rows.CreateDbContext();
        Assert.Equal(new[] { held.Id, young.Id }.Order(), (await db.Jobs.Select(j => j.Id).ToListAsync(Ct)).Order());
        Assert.Equal(young.Id, Assert.Single(await db.Attempts.ToListAsync(Ct)).JobId);
        Assert.Contains(young.Id.ToString("N"), Assert.Single(Pictures(worker)), StringComparison.Ordinal);
        using var client = worker.Client();
        using var answer = await client.GetAsync(new Uri($"/v1/jobs/{WireId.Job.Format(old[0].Id)}", UriKind.Relative), Ct);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task A_job_stays_while_a_call_for_it_is_in_flight()
    {
        await using var worker = await TestWorker.StartAsync(database, simulator, "Darkroom:Retention:Jobs=30.00:00:00");
        simulator.Hold();
        var canceled = await SubmitAsync(worker);
        await simulator.Account.WaitForHeldAsync(1, Ct);
        await ExecuteAsync($"UPDATE darkroom.jobs SET status = 'canceled', finished_at = darkroom.now() WHERE id = '{canceled.Id}'");
        await database.ShiftClockAsync(TimeSpan.FromDays(31));

        await worker.Get<RetentionSweep>().SweepAsync(Ct);

        Assert.Equal(AttemptStatus.Dispatched, Assert.Single(await rows.AttemptsAsync(canceled.Id)).Status);
        simulator.Release();
    }

    [Fact]
    public async Task A_job_stays_until_its_pictures_are_gone_from_the_store()
    {
        var job = await rows.AddAsync(rows.NewJob(status: JobStatus.Succeeded));
        await ExecuteAsync($"""
            UPDATE darkroom.jobs SET finished_at = darkroom.now() - interval '31 days' WHERE id = '{job.Id}';
            INSERT INTO darkroom.images (job_id, index, attempt_id, extension, content_type, bytes, sha256, crc32, width, height)
            VALUES ('{job.Id}', 0, '{Guid.CreateVersion7()}', 'png', 'image/png', 1, '', 0, 1, 1)
            """);
        const string Nobody = "DefaultEndpointsProtocol=http;AccountName=none;AccountKey=bm9uZQ==;BlobEndpoint=http://127.0.0.1:1/none;";
        await using (var cutOff = await TestWorker.StartAsync(
            database, simulator, "Darkroom:Retention:Jobs=30.00:00:00", "Darkroom:Storage:Provider=AzureBlob", $"ConnectionStrings:BlobStorage={Nobody}"))
        {
            await cutOff.Get<RetentionSweep>().SweepAsync(Ct);
            Assert.Single((await rows.JobAsync(job.Id)).Images);
        }

        await using var worker = await TestWorker.StartAsync(database, simulator, "Darkroom:Retention:Jobs=30.00:00:00");
        await worker.Get<RetentionSweep>().SweepAsync(Ct);
        Assert.Equal(0, await AskAsync("SELECT count(*) FROM darkroom.jobs"));
    }

    [Fact]
    public async Task Pictures_alone_go_and_their_links_say_so()
    {
        await using var worker = await TestWorker.StartAsync(database, simulator, "Darkroom:Retention:Pictures=01:00:00");
        var job = await RunAsync(worker);
        await ExecuteAsync("UPDATE darkroom.jobs SET project_id = (SELECT id FROM darkroom.projects WHERE name = 'default')");
        await database.ShiftClockAsync(TimeSpan.FromHours(2));

        await worker.Get<RetentionSweep>().SweepAsync(Ct);

        Assert.Empty((await rows.JobAsync(job.Id)).Images);
        Assert.Single(await rows.AttemptsAsync(job.Id));
        using var client = worker.Client();
        using var answer = await client.GetAsync(new Uri($"/v1/jobs/{WireId.Job.Format(job.Id)}/images/0", UriKind.Relative), Ct);
        Assert.Equal(HttpStatusCode.Gone, answer.StatusCode);
    }

    [Fact]
    public async Task Attempts_alone_go_and_the_job_keeps_its_usage_and_cost()
    {
        await using var worker = await TestWorker.StartAsync(database, simulator, "Darkroom:Retention:Attempts=1.00:00:00");
        var job = await RunAsync(worker);
        var before = await rows.JobAsync(job.Id);
        await database.ShiftClockAsync(TimeSpan.FromDays(2));

        await worker.Get<RetentionSweep>().SweepAsync(Ct);

        Assert.Empty(await rows.AttemptsAsync(job.Id));
        var after = await rows.JobAsync(job.Id);
        Assert.NotNull(after.CostAmount);
        Assert.Equal((before.CostAmount, before.Usage, before.Attempts), (after.CostAmount, after.Usage, after.Attempts));
        Assert.Single(after.Images);
    }

    [Fact]
    public async Task Of_a_day_of_work_nothing_is_left_in_time_but_sums()
    {
        await using var worker = await TestWorker.StartAsync(database, simulator, "Darkroom:Retention:Jobs=1.00:00:00");
        await worker.Get<RetentionSweep>().SweepAsync(Ct);
        var before = await CountAsync();
        for (var i = 0; i < 20; i++)
            await SubmitAsync(worker, $"picture {i} [[fault:http_500 x1]]");
        await rows.AddAsync(rows.NewJob(deadline: DateTimeOffset.UnixEpoch));
        await using (var db = rows.CreateDbContext())
            await rows.WaitForAsync(await db.Jobs.Select(j => j.Id).ToListAsync(Ct), [JobStatus.Succeeded, JobStatus.Failed], Ct);
        await ExecuteAsync("INSERT INTO hangfire.job (invocationdata, arguments, createdat) VALUES ('{}', '[]', now() - interval '2 days')");
        await database.ShiftClockAsync(TimeSpan.FromDays(8));
        await worker.Get<UsageFold>().FoldAsync(1000, Ct);
        await worker.Get<RetentionSweep>().SweepAsync(Ct);

        var grown = (await CountAsync()).Where(t => t.Value > before.GetValueOrDefault(t.Key)).Select(t => t.Key).Order();
        Assert.Equal(["darkroom.usage_totals"], grown.Where(t => t.StartsWith("darkroom.", StringComparison.Ordinal)));
        // Hangfire deletes its own by its own clock: every used ticket must carry its time.
        Assert.Equal(0, await AskAsync("SELECT count(*) FROM hangfire.job WHERE expireat IS NULL OR expireat > now() + interval '31 minutes'"));
        Assert.Empty(Pictures(worker));
    }

    async Task<Job> RunAsync(TestWorker worker)
    {
        var job = await SubmitAsync(worker);
        await rows.WaitForAsync([job.Id], [JobStatus.Succeeded], Ct);
        return job;
    }

    async Task<Job> SubmitAsync(TestWorker worker, string? prompt = null)
    {
        var job = rows.NewJob();
        await rows.AddAsync(job);
        if (prompt is not null)
            await ExecuteAsync($"UPDATE darkroom.jobs SET prompt = '{prompt}' WHERE id = '{job.Id}'");
        worker.Get<WorkSignal>().Raise();
        return job;
    }

    static string[] Pictures(TestWorker worker) =>
        Directory.Exists(worker.ImagesPath) ? Directory.GetFiles(worker.ImagesPath, "*.*", SearchOption.AllDirectories) : [];

    async Task<Dictionary<string, long>> CountAsync()
    {
        var tables = new List<string>();
        await using (var names = database.DataSource.CreateCommand(
            "SELECT table_schema || '.' || table_name FROM information_schema.tables WHERE table_schema IN ('darkroom', 'hangfire')"))
        await using (var reader = await names.ExecuteReaderAsync(Ct))
        {
            while (await reader.ReadAsync(Ct))
                tables.Add(reader.GetString(0));
        }
        var counts = new Dictionary<string, long>();
        foreach (var table in tables)
            counts[table] = await AskAsync($"SELECT count(*) FROM {table}");
        return counts;
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
