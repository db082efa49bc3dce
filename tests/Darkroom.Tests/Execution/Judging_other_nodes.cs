using Darkroom.Migrations.Rows;
using Darkroom.Tests.Infrastructure;
using Darkroom.Tests.Storage;
using Darkroom.Worker.Admission;
using Darkroom.Worker.Endpoint;
using Darkroom.Worker.Execution;
using Darkroom.Worker.Jobs;
using Darkroom.Worker.Usage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Darkroom.Tests.Execution;

/// <summary>One look after the other by a clock of our own: each mechanism shows by itself, whichever is quicker in a real cluster.</summary>
public sealed class Judging_other_nodes : IAsyncLifetime
{
    readonly TestFolder folder = new();
    readonly FakeTimeProvider clock = new();
    readonly Guid other = Guid.CreateVersion7();
    TestDatabase database = null!;
    Rows rows = null!;
    Spool spool = null!;

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        rows = new Rows(database);
        await rows.SeedAsync();
        spool = new Spool(new NodeIdentity(), Options.Create(new WorkerOptions { SpoolPath = folder.Path }), Host.CreateEmptyApplicationBuilder(null).Environment);
        await using var db = rows.CreateDbContext();
        db.Nodes.Add(new Node { Id = other, Name = "other", StartedAt = DateTimeOffset.UnixEpoch, HeartbeatAt = DateTimeOffset.UnixEpoch, Slots = 1, Accepting = true });
        await db.SaveChangesAsync(Ct);
    }

    public async ValueTask DisposeAsync()
    {
        spool.Dispose();
        await database.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task Silent_for_the_rescue_time_it_is_lost_and_not_a_heartbeat_sooner()
    {
        var watch = Watch();

        await LookAsync(watch, times: 5);
        Assert.False(await IsLostAsync());
        await LookAsync(watch, times: 1);
        Assert.True(await IsLostAsync());
    }

    [Fact]
    public async Task A_failure_of_the_watchers_own_begins_the_watch_anew()
    {
        var watch = Watch();
        await LookAsync(watch, times: 5);

        watch.Restart();
        await LookAsync(watch, times: 5);
        Assert.False(await IsLostAsync());
        await LookAsync(watch, times: 1);
        Assert.True(await IsLostAsync());
    }

    [Fact]
    public async Task Frozen_itself_the_watcher_judges_nobody_by_what_it_remembers()
    {
        var watch = Watch();
        await LookAsync(watch, times: 3);
        clock.Advance(TimeSpan.FromMinutes(5));

        await LookAsync(watch, times: 1);

        Assert.False(await IsLostAsync());
    }

    /// <summary>Its folder is locked, as a frozen node's is: nobody can adopt it, and what is seen in it is not bought again.</summary>
    [Fact]
    public async Task An_answer_seen_in_the_spool_of_a_lost_node_is_received_and_not_given_up()
    {
        var job = await rows.AddAsync(rows.NewJob());
        var claimed = await rows.Transitions.ClaimAsync(job.Id, await rows.AdmitAsync(job), Guid.CreateVersion7(), other, "other", Ct);
        using var frozen = SpoolFolder.Create(folder.Path, other);
        frozen.Commit(new SpoolManifest(
            claimed!.AttemptId, job.Id, job.ProjectId, job.Model, new AnswerFacts(200, "req_1", Usage: null), Created: null, "png", "low", "1024x1024", Partial: false, []));

        await LookAsync(Watch(), times: 6);

        Assert.True(await IsLostAsync());
        Assert.Equal(AttemptStatus.Received, Assert.Single(await rows.AttemptsAsync(job.Id)).Status);
        Assert.Equal(JobStatus.Running, (await rows.JobAsync(job.Id)).Status);
    }

    /// <summary>Whoever holds its folder brings it home, however long the store is away.</summary>
    [Fact]
    public async Task An_answer_that_waits_in_a_spool_in_sight_is_never_taken_for_lost()
    {
        var job = await rows.AddAsync(rows.NewJob());
        var claimed = (await rows.Transitions.ClaimAsync(job.Id, await rows.AdmitAsync(job), Guid.CreateVersion7(), other, "other", Ct))!;
        var facts = new AnswerFacts(200, "req_1", Usage: null);
        using (var elsewhere = SpoolFolder.Create(folder.Path, Guid.CreateVersion7()))
        {
            elsewhere.Commit(new SpoolManifest(claimed.AttemptId, job.Id, job.ProjectId, job.Model, facts, Created: null, "png", "low", "1024x1024", Partial: false, []));
            await rows.Transitions.ReceivedAsync(claimed.AttemptId, facts, Ct);
            await database.ShiftClockAsync(Rescue.SpoolPatience + TimeSpan.FromMinutes(1));

            await LookAsync(Watch(), times: 6);
            Assert.True(await IsLostAsync());
            Assert.Equal(JobStatus.Running, (await rows.JobAsync(job.Id)).Status);

            elsewhere.Delete(claimed.AttemptId);
            await LookAsync(Watch(), times: 1);
            Assert.Equal(JobStatus.Held, (await rows.JobAsync(job.Id)).Status);
        }
    }

    NodeWatch Watch()
    {
        var settings = Options.Create(new EndpointSettings());
        // Nothing of these tests tells of an end.
        var rescue = new Rescue(
            rows, rows.Transitions, new AttemptEndings(rows.Transitions, new Pricing(settings), settings), spool, new WorkSignal(database.DataSource, NullLogger<WorkSignal>.Instance), telemetry: null!, NullLogger<Rescue>.Instance);
        return new NodeWatch(rows, new NodeIdentity(), rescue, Options.Create(new WorkerOptions()), clock, NullLogger<NodeWatch>.Instance);
    }

    /// <summary>As after each heartbeat, every three seconds; another is lost when its own has not changed for fifteen.</summary>
    async Task LookAsync(NodeWatch watch, int times)
    {
        for (var i = 0; i < times; i++)
        {
            await watch.LookAsync(Ct);
            clock.Advance(TimeSpan.FromSeconds(3));
        }
    }

    async Task<bool> IsLostAsync()
    {
        await using var db = rows.CreateDbContext();
        return await db.Nodes.Where(n => n.Id == other).Select(n => n.Lost).SingleAsync(Ct);
    }
}
