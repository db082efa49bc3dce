using Darkroom.Migrations;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Decoding;
using Darkroom.Worker.Endpoint;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;
using EndpointRow = Darkroom.Migrations.Rows.Endpoint;

namespace Darkroom.Tests.Endpoint;

/// <summary>One endpoint in a database that others share, and what calls do to it.</summary>
internal sealed class TestEndpoint
{
    static int count;

    readonly TestDatabase database;
    readonly Rows rows;

    TestEndpoint(TestDatabase database, EndpointOptions options)
    {
        this.database = database;
        rows = new Rows(database);
        Settings = new EndpointSettings { Endpoints = [options] };
        States = new EndpointStates(rows, Microsoft.Extensions.Options.Options.Create(Settings), NullLogger<EndpointStates>.Instance);
        Effects = new EndpointEffects(States, Microsoft.Extensions.Options.Options.Create(Settings));
    }

    public static async Task<TestEndpoint> CreateAsync(TestDatabase database, double? imagesPerMinute = 100)
    {
        await database.ShiftClockAsync(TimeSpan.Zero);
        var endpoint = new TestEndpoint(
            database,
            new EndpointOptions { Name = $"endpoint-{Interlocked.Increment(ref count)}", ApiKey = "k", ImagesPerMinute = imagesPerMinute });
        await endpoint.States.EnsureRowsAsync(Ct);
        return endpoint;
    }

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    public EndpointSettings Settings { get; }

    public EndpointStates States { get; }

    public EndpointEffects Effects { get; }

    public string Name => Settings.Endpoints[0].Name;

    public async Task<EndpointRow> RowAsync() => (await States.ReadAsync(Name, Ct))!.Value.Row;

    /// <summary>The database's time: when a call would begin.</summary>
    public async Task<DateTimeOffset> NowAsync() => (await States.ReadAsync(Name, Ct))!.Value.Now;

    public Task ShiftClockAsync(TimeSpan total) => database.ShiftClockAsync(total);

    /// <summary>A call that began at a time, now if none is given, and has just failed.</summary>
    public async Task FailAsync(
        FailureKind kind, Guid? job = null, DateTimeOffset? startedAt = null, TimeSpan? retryAfter = null, RateHeaders? limits = null) =>
        await Effects.ApplyAsync(
            Name, job ?? Guid.CreateVersion7(), startedAt ?? await NowAsync(),
            new CallOutcome.Failed(
                CallFailure.Of(kind, $"It met {kind}.") with { RetryAfter = retryAfter }, limits ?? RateHeaders.None, null), Ct);

    public async Task SucceedAsync(Guid? job = null, DateTimeOffset? startedAt = null, RateHeaders? limits = null) =>
        await Effects.ApplyAsync(
            Name, job ?? Guid.CreateVersion7(), startedAt ?? await NowAsync(),
            new CallOutcome.Answered(
                new Decoded(null, 0, null, null, null, null, null, null, []), 200, null, limits ?? RateHeaders.None), Ct);

    /// <summary>As admission would: this job is the probe.</summary>
    public async Task<Guid> ElectProbeAsync()
    {
        var job = Guid.CreateVersion7();
        await using var db = rows.CreateDbContext();
        await db.Endpoints.Where(e => e.Name == Name).ExecuteUpdateAsync(set => set.SetProperty(e => e.ProbeJobId, job), Ct);
        return job;
    }

    /// <summary>Changes with every write of the row.</summary>
    public async Task<string> VersionAsync()
    {
        await using var command = database.DataSource.CreateCommand(
            "SELECT xmin::text || ctid::text FROM darkroom.endpoints WHERE name = $1");
        command.Parameters.AddWithValue(Name);
        return (string)(await command.ExecuteScalarAsync(Ct))!;
    }
}
