using Darkroom.Migrations.Rows;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Access;
using Darkroom.Worker.Admission;
using Darkroom.Worker.Endpoint;
using Npgsql;
using Xunit;

namespace Darkroom.Tests.Endpoint;

public sealed class Pauses_and_gates(TestDatabase database) : IClassFixture<TestDatabase>
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    static Task All(int count, Func<int, Task> run) =>
        Task.WhenAll(Enumerable.Range(0, count).Select(run)).WaitAsync(TimeSpan.FromSeconds(30), Ct);

    [Fact]
    public async Task A_refused_key_pauses_the_endpoint_once_for_all_its_calls()
    {
        var endpoint = await TestEndpoint.CreateAsync(database);
        var started = await endpoint.NowAsync();

        await All(20, _ => endpoint.FailAsync(FailureKind.KeyRefused, startedAt: started));

        var row = await endpoint.RowAsync();
        Assert.Equal((EndpointState.Paused, "It met KeyRefused.", 0), (row.State, row.Reason, row.Probes));
        Assert.Equal(row.Since.AddSeconds(30), row.NextProbeAt);
        Assert.NotNull(row.LastFailedJobId);
    }

    [Theory]
    [InlineData(FailureKind.OutOfMoney)]
    [InlineData(FailureKind.Redirected)]
    internal async Task So_does_what_no_job_can_help(FailureKind kind)
    {
        var endpoint = await TestEndpoint.CreateAsync(database);
        await endpoint.FailAsync(kind);
        Assert.Equal(EndpointState.Paused, (await endpoint.RowAsync()).State);
    }

    [Theory]
    [InlineData(FailureKind.ModerationBlocked)]
    [InlineData(FailureKind.InvalidRequest)]
    [InlineData(FailureKind.ServerError)]
    [InlineData(FailureKind.TimedOut)]
    [InlineData(FailureKind.NoPictures)]
    [InlineData(FailureKind.HeartbeatStale)]
    [InlineData(FailureKind.SpoolFailed)]
    internal async Task What_is_one_jobs_affair_leaves_the_endpoint_alone(FailureKind kind)
    {
        var endpoint = await TestEndpoint.CreateAsync(database);
        var before = await endpoint.VersionAsync();
        await endpoint.FailAsync(kind);
        Assert.Equal(before, await endpoint.VersionAsync());
    }

    [Fact]
    public async Task An_ordinary_success_writes_nothing()
    {
        var endpoint = await TestEndpoint.CreateAsync(database);
        var before = await endpoint.VersionAsync();
        await endpoint.SucceedAsync(limits: new RateHeaders(new RateLimit(100, 50, null), default, default));
        Assert.Equal(before, await endpoint.VersionAsync());
    }

    [Fact]
    public async Task Calls_from_before_a_resume_cannot_pause_again()
    {
        var endpoint = await TestEndpoint.CreateAsync(database);
        var before = await endpoint.NowAsync();
        await endpoint.FailAsync(FailureKind.KeyRefused);

        Assert.True(await endpoint.States.ResumeAsync(endpoint.Name, Actor.Configuration, Ct));
        await endpoint.FailAsync(FailureKind.KeyRefused, startedAt: before);
        await endpoint.FailAsync(FailureKind.ConnectFailed, startedAt: before);
        Assert.Equal(EndpointState.Active, (await endpoint.RowAsync()).State);

        await endpoint.FailAsync(FailureKind.KeyRefused);
        Assert.Equal(EndpointState.Paused, (await endpoint.RowAsync()).State);
    }

    [Fact]
    public async Task Probes_come_after_30_seconds_and_then_twice_as_late_each_up_to_10_minutes()
    {
        var endpoint = await TestEndpoint.CreateAsync(database);
        await endpoint.FailAsync(FailureKind.KeyRefused);
        foreach (var (seconds, kind) in new[]
        {
            (60, FailureKind.KeyRefused), (120, FailureKind.ServerError), (240, FailureKind.RateLimited), (480, FailureKind.ConnectFailed),
            (600, FailureKind.ModerationBlocked), (600, FailureKind.OutOfMoney),
        })
        {
            var probe = await endpoint.ElectProbeAsync();
            var before = await endpoint.NowAsync();
            await endpoint.FailAsync(kind, probe, retryAfter: TimeSpan.Zero);
            var row = await endpoint.RowAsync();
            Assert.InRange(row.NextProbeAt!.Value, before.AddSeconds(seconds), (await endpoint.NowAsync()).AddSeconds(seconds));
            Assert.Equal((EndpointState.Paused, null, probe), (row.State, row.ProbeJobId, row.LastFailedJobId));
        }
    }

    [Fact]
    public async Task A_probe_that_brings_a_picture_resumes_and_wakes_admission()
    {
        var endpoint = await TestEndpoint.CreateAsync(database);
        await endpoint.FailAsync(FailureKind.KeyRefused);
        var probe = await endpoint.ElectProbeAsync();
        await using var listener = await database.DataSource.OpenConnectionAsync(Ct);
        await using (var listen = new NpgsqlCommand($"LISTEN {Notices.Work}", listener))
            await listen.ExecuteNonQueryAsync(Ct);

        await endpoint.SucceedAsync();
        Assert.Equal(EndpointState.Paused, (await endpoint.RowAsync()).State);
        await endpoint.SucceedAsync(probe);

        var row = await endpoint.RowAsync();
        Assert.Equal(
            (EndpointState.Active, null, null, null, null), (row.State, row.Reason, row.NextProbeAt, row.ProbeJobId, row.LastFailedJobId));
        Assert.True(await listener.WaitAsync(TimeSpan.FromSeconds(30), Ct));
    }

    [Fact]
    public async Task A_probe_that_was_never_sent_leaves_the_place_to_another_at_once()
    {
        var endpoint = await TestEndpoint.CreateAsync(database);
        await endpoint.FailAsync(FailureKind.KeyRefused);
        var due = (await endpoint.RowAsync()).NextProbeAt;
        await endpoint.FailAsync(FailureKind.HeartbeatStale, await endpoint.ElectProbeAsync());
        var row = await endpoint.RowAsync();
        Assert.Equal((null, due, 0), (row.ProbeJobId, row.NextProbeAt, row.Probes));
    }

    [Fact]
    public async Task A_persons_pause_lasts_until_a_person_ends_it()
    {
        var endpoint = await TestEndpoint.CreateAsync(database);
        await endpoint.FailAsync(FailureKind.KeyRefused);
        var probe = await endpoint.ElectProbeAsync();

        Assert.True(await endpoint.States.PauseByPersonAsync(endpoint.Name, "moving house", Actor.Configuration, Ct));
        Assert.False(await endpoint.States.PauseByPersonAsync(endpoint.Name, "again", Actor.Configuration, Ct));
        await endpoint.SucceedAsync(probe);
        await endpoint.FailAsync(FailureKind.KeyRefused);

        var row = await endpoint.RowAsync();
        Assert.Equal((EndpointState.Paused, "moving house", null), (row.State, row.Reason, row.NextProbeAt));
        Assert.True(await endpoint.States.ResumeAsync(endpoint.Name, Actor.Configuration, Ct));
        Assert.False(await endpoint.States.ResumeAsync(endpoint.Name, Actor.Configuration, Ct));
        Assert.Equal(EndpointState.Active, (await endpoint.RowAsync()).State);
    }

    [Fact]
    public async Task A_resume_forgets_a_hold_back()
    {
        var endpoint = await TestEndpoint.CreateAsync(database);
        await endpoint.FailAsync(FailureKind.RateLimited, retryAfter: TimeSpan.FromHours(1));
        Assert.True(await endpoint.States.ResumeAsync(endpoint.Name, Actor.Configuration, Ct));
        var row = await endpoint.RowAsync();
        Assert.Equal((null, 0), (row.HoldUntil, row.Throttles));
    }

    [Fact]
    public async Task A_call_that_does_not_get_out_gates_the_endpoint_once()
    {
        var endpoint = await TestEndpoint.CreateAsync(database);
        var started = await endpoint.NowAsync();

        await All(20, _ => endpoint.FailAsync(FailureKind.ConnectFailed, startedAt: started));

        var row = await endpoint.RowAsync();
        Assert.Equal((EndpointState.Gated, "It met ConnectFailed.", 0), (row.State, row.Reason, row.Probes));
        Assert.InRange(row.NextProbeAt!.Value, row.Since, row.Since.AddSeconds(1));
    }

    [Theory]
    [InlineData(FailureKind.ServerError)]
    [InlineData(FailureKind.ModerationBlocked)]
    [InlineData(FailureKind.ConnectionLost)]
    [InlineData(FailureKind.RateLimited)]
    internal async Task Any_call_that_gets_through_opens_the_gate(FailureKind kind)
    {
        var endpoint = await TestEndpoint.CreateAsync(database);
        var before = await endpoint.NowAsync();
        await endpoint.FailAsync(FailureKind.TlsFailed);

        await endpoint.FailAsync(kind, startedAt: before);
        Assert.Equal(EndpointState.Gated, (await endpoint.RowAsync()).State);
        await endpoint.FailAsync(kind, await endpoint.ElectProbeAsync());
        Assert.Equal(EndpointState.Active, (await endpoint.RowAsync()).State);
    }

    [Fact]
    public async Task A_picture_opens_the_gate()
    {
        var endpoint = await TestEndpoint.CreateAsync(database);
        await endpoint.FailAsync(FailureKind.NameNotResolved);
        await endpoint.SucceedAsync(await endpoint.ElectProbeAsync());
        Assert.Equal(EndpointState.Active, (await endpoint.RowAsync()).State);
    }

    [Fact]
    public async Task Behind_a_gate_each_try_waits_by_backoff_and_a_refused_key_pauses()
    {
        var endpoint = await TestEndpoint.CreateAsync(database);
        await endpoint.FailAsync(FailureKind.ConnectFailed);
        for (var probes = 1; probes <= 8; probes++)
        {
            var probe = await endpoint.ElectProbeAsync();
            await endpoint.FailAsync(FailureKind.ConnectFailed, probe);
            var row = await endpoint.RowAsync();
            Assert.Equal((EndpointState.Gated, probes, null), (row.State, row.Probes, row.ProbeJobId));
            Assert.InRange(row.NextProbeAt!.Value, row.Since, (await endpoint.NowAsync()).AddSeconds(Math.Min(60, Math.Pow(2, probes))));
        }
        await endpoint.FailAsync(FailureKind.KeyRefused, await endpoint.ElectProbeAsync());
        Assert.Equal(EndpointState.Paused, (await endpoint.RowAsync()).State);
    }

    [Fact]
    public async Task Three_different_forbidden_jobs_in_a_row_pause_the_endpoint()
    {
        var endpoint = await TestEndpoint.CreateAsync(database);
        var started = await endpoint.NowAsync();
        Guid one = Guid.CreateVersion7(), other = Guid.CreateVersion7();

        await endpoint.FailAsync(FailureKind.Forbidden, one, started);
        await endpoint.FailAsync(FailureKind.Forbidden, one, started);
        await endpoint.FailAsync(FailureKind.Forbidden, one, started);
        await endpoint.FailAsync(FailureKind.Forbidden, other, started);
        Assert.Equal(EndpointState.Active, (await endpoint.RowAsync()).State);
        await endpoint.FailAsync(FailureKind.ModerationBlocked, startedAt: started);
        await endpoint.FailAsync(FailureKind.Forbidden, startedAt: started);
        await endpoint.FailAsync(FailureKind.Forbidden, startedAt: started);
        // Never left: says nothing about being forbidden.
        await endpoint.FailAsync(FailureKind.HeartbeatStale, startedAt: started);
        Assert.Equal(EndpointState.Active, (await endpoint.RowAsync()).State);
        await endpoint.FailAsync(FailureKind.Forbidden, startedAt: started);
        Assert.Equal((EndpointState.Paused, "It met Forbidden."), await endpoint.RowAsync() is var row ? (row.State, row.Reason) : default);

        await endpoint.States.ResumeAsync(endpoint.Name, Actor.Configuration, Ct);
        Assert.Empty((await endpoint.RowAsync()).ForbiddenJobs);
    }

    [Fact]
    public async Task Forbidden_jobs_that_end_together_are_all_counted()
    {
        var endpoint = await TestEndpoint.CreateAsync(database);
        var started = await endpoint.NowAsync();
        await All(3, _ => endpoint.FailAsync(FailureKind.Forbidden, startedAt: started));
        Assert.Equal(EndpointState.Paused, (await endpoint.RowAsync()).State);
    }

    [Fact]
    public async Task A_restart_leaves_states_as_they_are()
    {
        var endpoint = await TestEndpoint.CreateAsync(database);
        await endpoint.FailAsync(FailureKind.KeyRefused);
        await endpoint.States.EnsureRowsAsync(Ct);
        Assert.Equal(EndpointState.Paused, (await endpoint.RowAsync()).State);
    }
}
