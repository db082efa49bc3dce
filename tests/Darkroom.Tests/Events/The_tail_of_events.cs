using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Events;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
using Xunit;

namespace Darkroom.Tests.Events;

/// <summary>The clock stands still here: a wait that returns was woken.</summary>
public sealed class The_tail_of_events(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    readonly EventTail tail = new(database.DataSource, new FakeTimeProvider(), NullLogger<EventTail>.Instance);

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await tail.StartAsync(Ct);

    public async ValueTask DisposeAsync()
    {
        await tail.StopAsync(CancellationToken.None);
        tail.Dispose();
    }

    [Fact]
    public async Task Wakes_who_waits_for_a_job_and_who_waits_for_its_batch()
    {
        var (job, batch) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        using var ofJob = await WatchedAsync(job);
        using var ofBatch = await WatchedAsync(batch);
        using var another = await WatchedAsync(job);

        await using var change = database.DataSource.CreateCommand(Insert(job, batch));
        await change.ExecuteNonQueryAsync(Ct);

        await Task.WhenAll(WokenAsync(ofJob), WokenAsync(ofBatch), WokenAsync(another));
    }

    [Fact]
    public async Task Misses_nothing_that_commits_late_and_lets_nothing_that_runs_long_hold_up_the_rest()
    {
        var (slow, quick, idle) = (Guid.CreateVersion7(), Guid.CreateVersion7(), Guid.CreateVersion7());
        using var ofSlow = await WatchedAsync(slow);
        using var ofQuick = await WatchedAsync(quick);
        await using var first = await database.DataSource.OpenConnectionAsync(Ct);
        await using var begun = await first.BeginTransactionAsync(Ct);
        await RunAsync(first, Insert(slow));
        await using var stranger = await database.DataSource.OpenConnectionAsync(Ct);
        await using var open = await stranger.BeginTransactionAsync(Ct);
        await RunAsync(stranger, Insert(idle));

        await using var second = database.DataSource.CreateCommand(Insert(quick));
        await second.ExecuteNonQueryAsync(Ct);
        await WokenAsync(ofQuick);
        await begun.CommitAsync(Ct);
        await WokenAsync(ofSlow);
    }

    [Fact]
    public async Task Tells_each_event_once()
    {
        var (job, other) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        using var ofJob = await WatchedAsync(job);
        using var ofOther = await WatchedAsync(other);
        await using var change = database.DataSource.CreateCommand(Insert(job));
        await change.ExecuteNonQueryAsync(Ct);
        await WokenAsync(ofJob);

        // A later event is told, so a later reading has been made: it did not tell the first again.
        await using var next = database.DataSource.CreateCommand(Insert(other));
        await next.ExecuteNonQueryAsync(Ct);
        await WokenAsync(ofOther);
        Assert.False(ofJob.WaitAsync(Timeout.InfiniteTimeSpan, CancellationToken.None).IsCompleted);
    }

    [Fact]
    public async Task Wakes_everybody_after_its_connection_was_lost()
    {
        using var watch = await WatchedAsync(Guid.CreateVersion7());
        await using var cut = database.DataSource.CreateCommand(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%pg_visible_in_snapshot%'");

        Assert.NotNull(await cut.ExecuteScalarAsync(Ct));

        await WokenAsync(watch);
    }

    [Fact]
    public async Task Takes_what_a_restored_database_has_from_a_busier_server_for_old()
    {
        await using var restored = database.DataSource.CreateCommand(
            $"INSERT INTO darkroom.job_events (xid, job_id, status, created_at) VALUES ('9000000000000', '{Guid.CreateVersion7()}', 'failed', now())");
        await restored.ExecuteNonQueryAsync(Ct);
        await using var running = await database.DataSource.OpenConnectionAsync(Ct);
        await using var begun = await running.BeginTransactionAsync(Ct);
        var job = Guid.CreateVersion7();
        await RunAsync(running, Insert(job));

        await new RestoredEvents(database.DataSource).SettleAsync(Ct);
        await begun.CommitAsync(Ct);

        await using var future = database.DataSource.CreateCommand("SELECT count(*) FROM darkroom.job_events WHERE xid >= pg_snapshot_xmax(pg_current_snapshot())");
        Assert.Equal(0L, await future.ExecuteScalarAsync(Ct));
        await using var settled = database.DataSource.CreateCommand($"SELECT count(*) FROM darkroom.job_events WHERE xid = '0' AND job_id = '{job}'");
        Assert.Equal(0L, await settled.ExecuteScalarAsync(Ct));
    }

    /// <summary>A watch whose tail is connected: what wakes it from now on is an event.</summary>
    async Task<Watch> WatchedAsync(Guid subject)
    {
        var watch = tail.Watch(subject);
        await using var probe = database.DataSource.CreateCommand(Insert(subject));
        await probe.ExecuteNonQueryAsync(Ct);
        await WokenAsync(watch);
        // The connecting itself may have woken it before the event did: both are over once another watch has seen a reading.
        var marker = Guid.CreateVersion7();
        using var other = tail.Watch(marker);
        await using var second = database.DataSource.CreateCommand(Insert(marker));
        await second.ExecuteNonQueryAsync(Ct);
        await WokenAsync(other);
        await watch.WaitAsync(TimeSpan.Zero, Ct);
        return watch;
    }

    static Task WokenAsync(Watch watch) => watch.WaitAsync(Timeout.InfiniteTimeSpan, Ct).WaitAsync(TimeSpan.FromSeconds(30), Ct);

    static string Insert(Guid job, Guid? batch = null) =>
        $"INSERT INTO darkroom.job_events (job_id, batch_id, status, created_at) VALUES ('{job}', {(batch is null ? "NULL" : $"'{batch}'")}, 'running', now())";

    static async Task RunAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Ct);
    }
}
