using Darkroom.Migrations;
using Darkroom.Migrations.Rows;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Admission;
using Darkroom.Worker.Endpoint;
using Darkroom.Worker.Execution;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Xunit;

namespace Darkroom.Tests.Admission;

/// <summary>What one pass admits, given the rows it finds; on a database of its own, for the limits are the cluster's.</summary>
public sealed class A_pass_of_admission : IAsyncLifetime
{
    readonly EndpointOptions endpoint = new() { ImagesPerMinute = 6000 };
    readonly NodeIdentity node = new();
    TestDatabase database = null!;
    Rows rows = null!;

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        rows = new Rows(database);
        await rows.SeedAsync();
        await using var db = rows.CreateDbContext();
        await AdmissionLease.EnsureRowAsync(db, Ct);
        await AddNodeAsync(slots: 50);
    }

    public ValueTask DisposeAsync() => database.DisposeAsync();

    [Fact]
    public async Task Admits_what_is_due_and_nothing_twice()
    {
        await AddJobsAsync(3);
        await rows.AddAsync(rows.NewJob(due: DateTimeOffset.UtcNow.AddHours(1)));

        Assert.Equal(3, (await PassAsync()).Count);
        Assert.Empty(await PassAsync());
    }

    [Fact]
    public async Task Hands_out_no_more_than_the_free_slots_of_live_nodes()
    {
        await AddNodeAsync(slots: 500, accepting: false);
        await AddNodeAsync(slots: 500, silence: TimeSpan.FromMinutes(1));
        await AddNodeAsync(slots: 500, ended: true);
        await AddJobsAsync(80);

        Assert.Equal(50, (await PassAsync()).Count);
        Assert.Empty(await PassAsync());
    }

    [Fact]
    public async Task Keeps_to_the_calls_an_endpoint_takes_at_once()
    {
        endpoint.MaxInFlight = 3;
        await rows.AddAsync(rows.NewJob(status: JobStatus.Running));
        await AddJobsAsync(5);

        Assert.Equal(2, (await PassAsync()).Count);
        Assert.Empty(await PassAsync());
    }

    [Fact]
    public async Task A_job_of_ten_passes_a_limit_of_five_a_minute_and_the_next_waits_for_it()
    {
        endpoint.ImagesPerMinute = 5;
        var ten = await rows.AddAsync(rows.NewJob(n: 10, due: DateTimeOffset.UnixEpoch.AddSeconds(-1)));
        await AddJobsAsync(1);

        Assert.Equal(ten.Id, Assert.Single(await PassAsync()));
        await EndAsync(ten.Id);
        await database.ShiftClockAsync(TimeSpan.FromSeconds(100));
        await LiveOnAsync();
        Assert.Empty(await PassAsync());
        await database.ShiftClockAsync(TimeSpan.FromSeconds(125));
        await LiveOnAsync();
        Assert.Single(await PassAsync());
    }

    [Fact]
    public async Task A_paused_endpoint_admits_nothing_and_its_jobs_wait_unharmed()
    {
        await SetAsync(EndpointState.Paused, probeIn: null);
        await AddJobsAsync(2);

        Assert.Empty(await PassAsync());
        await SetAsync(EndpointState.Active, probeIn: null);
        Assert.Equal(2, (await PassAsync()).Count);
    }

    [Fact]
    public async Task A_pause_is_tried_by_one_job_at_a_time_and_never_by_the_one_that_failed()
    {
        var failed = await rows.AddAsync(rows.NewJob(due: DateTimeOffset.UnixEpoch.AddSeconds(-2)));
        var other = await rows.AddAsync(rows.NewJob(due: DateTimeOffset.UnixEpoch.AddSeconds(-1)));
        await AddJobsAsync(3);
        await SetAsync(EndpointState.Paused, probeIn: TimeSpan.FromSeconds(-1), failed.Id);

        Assert.Equal(other.Id, Assert.Single(await PassAsync()));
        Assert.Equal(other.Id, (await rows.EndpointAsync()).ProbeJobId);
        Assert.Empty(await PassAsync());
    }

    [Fact]
    public async Task A_probe_waits_for_its_time()
    {
        await SetAsync(EndpointState.Gated, probeIn: TimeSpan.FromMinutes(1));
        await AddJobsAsync(2);

        Assert.Empty(await PassAsync());
        await database.ShiftClockAsync(TimeSpan.FromMinutes(2));
        await LiveOnAsync();
        Assert.Single(await PassAsync());
    }

    [Fact]
    public async Task An_endpoint_that_asked_us_to_wait_is_left_alone_until_then()
    {
        await using (var db = rows.CreateDbContext())
            await db.Endpoints.ExecuteUpdateAsync(set => set.SetProperty(e => e.HoldUntil, e => DarkroomDb.Now() + TimeSpan.FromSeconds(30)), Ct);
        await AddJobsAsync(1);

        Assert.Empty(await PassAsync());
        await database.ShiftClockAsync(TimeSpan.FromSeconds(31));
        await LiveOnAsync();
        Assert.Single(await PassAsync());
    }

    [Fact]
    public async Task Projects_take_turns_from_pass_to_pass()
    {
        endpoint.MaxInFlight = 1;
        var large = await AddJobsAsync(6);
        var other = Guid.CreateVersion7();
        await using (var db = rows.CreateDbContext())
        {
            db.Projects.Add(new Project { Id = other, Name = "other", CreatedAt = DateTimeOffset.UnixEpoch });
            await db.SaveChangesAsync(Ct);
        }
        var small = new List<Guid>();
        for (var i = 0; i < 3; i++)
            small.Add((await rows.AddAsync(rows.NewJob(other, due: DateTimeOffset.UnixEpoch.AddHours(1)))).Id);

        var order = new List<Guid>();
        for (var i = 0; i < 6; i++)
        {
            order.Add(Assert.Single(await PassAsync()));
            await EndAsync(order[^1]);
        }

        Assert.Equal(3, order.Count(large.Contains));
        Assert.All(order.Zip(order.Skip(1)), pair => Assert.NotEqual(small.Contains(pair.First), small.Contains(pair.Second)));
    }

    [Fact]
    public async Task Only_the_holder_of_the_lease_admits_until_it_falls_silent()
    {
        await AddJobsAsync(1);
        Assert.Single(await PassAsync());
        await AddJobsAsync(1);

        Assert.Null(await Pass(new NodeIdentity()).RunAsync(Ct));
        await database.ShiftClockAsync(TimeSpan.FromSeconds(4));
        await LiveOnAsync();
        Assert.NotNull(await Pass(new NodeIdentity()).RunAsync(Ct));
    }

    [Fact]
    public async Task A_lost_ticket_is_issued_again_under_a_new_number_and_takes_no_new_tokens()
    {
        var id = (await AddJobsAsync(1)).Single();
        Assert.Single(await PassAsync());
        var (before, balance) = (await rows.JobAsync(id), (await rows.EndpointAsync()).ImagesBalance);
        await database.ShiftClockAsync(TimeSpan.FromSeconds(5));
        await LiveOnAsync();

        Assert.Equal(id, Assert.Single(await PassAsync()));
        Assert.Equal(before.Ticket + 1, (await rows.JobAsync(id)).Ticket);
        Assert.Equal(balance, (await rows.EndpointAsync()).ImagesBalance);
    }

    AdmissionPass Pass(NodeIdentity holder) => new(
        rows, new AdmissionLease(holder), Options.Create(new EndpointSettings { Endpoints = [endpoint] }), Options.Create(new WorkerOptions()));

    async Task<List<Guid>> PassAsync() => [.. (await Pass(node).RunAsync(Ct))!.Tickets.Select(t => t.JobId)];

    async Task<List<Guid>> AddJobsAsync(int count)
    {
        var jobs = new List<Guid>();
        for (var i = 0; i < count; i++)
            jobs.Add((await rows.AddAsync(rows.NewJob(due: DateTimeOffset.UnixEpoch.AddMinutes(i)))).Id);
        return jobs;
    }

    async Task AddNodeAsync(int slots, bool accepting = true, TimeSpan silence = default, bool ended = false)
    {
        await using var db = rows.CreateDbContext();
        var now = DateTimeOffset.UtcNow;
        db.Nodes.Add(new Node
        {
            Id = Guid.CreateVersion7(),
            Name = "node",
            StartedAt = now,
            HeartbeatAt = now - silence,
            Slots = slots,
            Accepting = accepting,
            EndedAt = ended ? now : null,
        });
        await db.SaveChangesAsync(Ct);
    }

    /// <summary>After a shift of the clock: the live nodes have gone on saying so.</summary>
    async Task LiveOnAsync()
    {
        await using var db = rows.CreateDbContext();
        await db.Nodes.ExecuteUpdateAsync(set => set.SetProperty(n => n.HeartbeatAt, n => DarkroomDb.Now()), Ct);
    }

    async Task SetAsync(string state, TimeSpan? probeIn, Guid? failed = null)
    {
        await using var db = rows.CreateDbContext();
        await db.Endpoints.ExecuteUpdateAsync(set => set
            .SetProperty(e => e.State, state)
            .SetProperty(e => e.LastFailedJobId, failed)
            .SetProperty(e => e.NextProbeAt, e => probeIn == null ? null : DarkroomDb.Now() + probeIn), Ct);
    }

    async Task EndAsync(Guid job)
    {
        await using var db = rows.CreateDbContext();
        await db.Jobs.Where(j => j.Id == job).ExecuteUpdateAsync(set => set
            .SetProperty(j => j.Status, JobStatus.Succeeded).SetProperty(j => j.AdmittedAt, (DateTimeOffset?)null), Ct);
    }
}
