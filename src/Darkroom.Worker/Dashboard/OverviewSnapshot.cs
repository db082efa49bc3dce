using System.Collections.Concurrent;
using Darkroom.Client;
using Darkroom.Migrations;
using Darkroom.Worker.Endpoint;
using Darkroom.Worker.Usage;
using Microsoft.EntityFrameworkCore;
using JobStatus = Darkroom.Migrations.Rows.JobStatus;

namespace Darkroom.Worker.Dashboard;

/// <summary>What the overview shows of one project and of the cluster, at one moment.</summary>
/// <param name="Today">Since midnight UTC; null before the first attempt of the day ended.</param>
public sealed record Overview(
    DateTimeOffset At, int Queued, int Running, int Held, UsageLine? Today, IReadOnlyList<NodeLine> Nodes, IReadOnlyList<EndpointStatus> Endpoints);

/// <param name="Silence">Since its last heartbeat, by the database's clock.</param>
public sealed record NodeLine(string Name, int Slots, bool Accepting, string? Reason, TimeSpan Silence);

/// <summary>
/// Reads the overview at most once a second and project, however many people look: those who come meanwhile share the reading, so that
/// fifty open pages cost the database as much as one.
/// </summary>
internal sealed class OverviewSnapshot(IDbContextFactory<DarkroomDb> databases, EndpointReport endpoints, TimeProvider time)
{
    /// <summary>Counting stops here, to cost the same with a million jobs waiting.</summary>
    public const int MostCounted = 100_000;

    static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    readonly ConcurrentDictionary<Guid, Reading> readings = new();

    public Task<Overview> ReadAsync(Guid projectId) => readings.AddOrUpdate(
        projectId,
        StartReading,
        (id, last) => last.Answer is { IsValueCreated: true, Value.IsCompleted: true } && time.GetElapsedTime(last.Begun) >= Fresh ? StartReading(id) : last).Answer.Value;

    Reading StartReading(Guid projectId) => new(time.GetTimestamp(), new(() => QueryAsync(projectId)));

    /// <summary>Without a caller's cancellation token: the one who asked first may leave while others wait for the same answer.</summary>
    async Task<Overview> QueryAsync(Guid projectId)
    {
        await using var db = await databases.CreateDbContextAsync();
        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        var usage = await UsageReport.ReadAsync(db, projectId, new UsageQuery([], today, today.AddDays(1), After: null, Limit: 1), CancellationToken.None);
        return new Overview(
            time.GetUtcNow(),
            await CountAsync(db, projectId, JobStatus.Queued),
            await CountAsync(db, projectId, JobStatus.Running),
            await CountAsync(db, projectId, JobStatus.Held),
            usage.SingleOrDefault(line => line.Attempts > 0),
            await NodesAsync(db),
            await endpoints.ReadAsync(CancellationToken.None));
    }

    static Task<int> CountAsync(DarkroomDb db, Guid projectId, string status) =>
        db.Jobs.Where(j => j.ProjectId == projectId && j.Status == status).Take(MostCounted + 1).CountAsync();

    static async Task<List<NodeLine>> NodesAsync(DarkroomDb db)
    {
        var rows = await db.Nodes.AsNoTracking().Where(n => n.EndedAt == null).OrderBy(n => n.Name).ThenBy(n => n.Id)
            .Select(n => new { Row = n, Now = DarkroomDb.Now() }).ToListAsync();
        return [.. rows.Select(n => new NodeLine(n.Row.Name, n.Row.Slots, n.Row.Accepting, n.Row.NotAcceptingReason, n.Now - n.Row.HeartbeatAt))];
    }

    /// <param name="Answer">Lazy, because the dictionary may make a value that it then throws away.</param>
    sealed record Reading(long Begun, Lazy<Task<Overview>> Answer);
}
