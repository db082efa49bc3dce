using System.Collections.Concurrent;
using Darkroom.Client;
using Darkroom.Migrations;
using Darkroom.Worker.Endpoint;
using Darkroom.Worker.Usage;
using Darkroom.Worker.Webhooks;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using BatchStatus = Darkroom.Migrations.Rows.BatchStatus;
using JobStatus = Darkroom.Migrations.Rows.JobStatus;

namespace Darkroom.Worker.Dashboard;

/// <summary>What the overview shows of one project and of the cluster, at one moment.</summary>
/// <param name="At">By the database's clock.</param>
/// <param name="ImagesLastMinute">Pictures asked for by the jobs that succeeded in the last minute.</param>
/// <param name="OldestDue">Since when the job has been due that waits longest.</param>
/// <param name="Failures">Of the last 24 hours by error code, the most frequent first.</param>
/// <param name="Today">Since midnight UTC; null before the first attempt of the day ended.</param>
/// <param name="Nodes">Those that run, and those lost in the last hour.</param>
/// <param name="HeldBatches">Running ones with lines that a person must decide about; their end waits for it.</param>
/// <param name="Silent">Receivers of webhooks that are told nothing any more, or that nothing has got through to for an hour.</param>
/// <param name="Ending">Configured models that their maker shuts down within 60 days.</param>
public sealed record Overview(
    DateTimeOffset At, int Queued, int Running, int Held, long ImagesLastMinute, DateTimeOffset? OldestDue, IReadOnlyList<FailureLine> Failures,
    UsageLine? Today, IReadOnlyList<NodeLine> Nodes, IReadOnlyList<EndpointStatus> Endpoints,
    IReadOnlyList<HeldBatch> HeldBatches, IReadOnlyList<SilentReceiver> Silent, IReadOnlyList<EndingModel> Ending);

/// <param name="Silence">Since its last heartbeat, by the database's clock.</param>
public sealed record NodeLine(string Name, int Slots, bool Accepting, string? Reason, TimeSpan Silence, bool Lost);

public sealed record FailureLine(string? Code, int Jobs);

public sealed record HeldBatch(Guid Id, int Lines);

/// <param name="Disabled">Why; null where it only fails.</param>
public sealed record SilentReceiver(Guid Id, string Url, string? Disabled, DateTimeOffset Since);

public sealed record EndingModel(string Name, DateOnly Day);

/// <summary>
/// Reads the overview at most once in two seconds and project, however many people look: those who come meanwhile share the reading, so
/// that fifty open pages cost the database as much as one.
/// </summary>
internal sealed class OverviewSnapshot(
    IDbContextFactory<DarkroomDb> databases, EndpointReport endpoints, IOptions<EndpointSettings> settings, TimeProvider time)
{
    /// <summary>Counting stops here, to cost the same with a million jobs waiting.</summary>
    public const int MostCounted = 100_000;

    /// <summary>Of a day's failures, so many of the newest are told apart by reason.</summary>
    const int MostFailures = 10_000;

    const int EndingWithinDays = 60;

    /// <summary>Batches and receivers named one by one.</summary>
    const int MostNamed = 5;

    static readonly TimeSpan Fresh = TimeSpan.FromSeconds(2), LostShown = TimeSpan.FromHours(1), Day = TimeSpan.FromDays(1), FailingNamed = TimeSpan.FromHours(1);

    readonly ConcurrentDictionary<Guid, Reading> readings = new();

    /// <summary>Readings begun so far; a test counts them.</summary>
    public int Readings { get; private set; }

    public Task<Overview> ReadAsync(Guid projectId) => readings.AddOrUpdate(
        projectId,
        StartReading,
        (id, last) => last.Answer is { IsValueCreated: true, Value.IsCompleted: true } && time.GetElapsedTime(last.Begun) >= Fresh ? StartReading(id) : last).Answer.Value;

    Reading StartReading(Guid projectId) => new(time.GetTimestamp(), new(() => QueryAsync(projectId)));

    /// <summary>Without a caller's cancellation token: the one who asked first may leave while others wait for the same answer.</summary>
    async Task<Overview> QueryAsync(Guid projectId)
    {
        Readings++;
        await using var db = await databases.CreateDbContextAsync();
        var now = (await db.Database.SqlQuery<DateTimeOffset>($"""SELECT darkroom.now() AS "Value" """).ToListAsync()).Single();
        var today = DateOnly.FromDateTime(now.UtcDateTime);
        var usage = await UsageReport.ReadAsync(db, projectId, new UsageQuery([], today, today.AddDays(1), After: null, Limit: 1), CancellationToken.None);
        var jobs = db.Jobs.Where(j => j.ProjectId == projectId);
        return new Overview(
            now,
            await CountAsync(jobs, JobStatus.Queued), await CountAsync(jobs, JobStatus.Running), await CountAsync(jobs, JobStatus.Held),
            await db.Jobs.Where(j => j.FinishedAt > now.AddMinutes(-1) && j.ProjectId == projectId && j.Status == JobStatus.Succeeded).SumAsync(j => (long)j.N),
            await OldestDueAsync(db, projectId, now),
            await FailuresAsync(jobs, now - Day),
            usage.SingleOrDefault(line => line.Attempts > 0),
            await NodesAsync(db, now),
            await endpoints.ReadAsync(CancellationToken.None),
            await db.Batches.Where(b => b.ProjectId == projectId && b.Status == BatchStatus.InProgress && b.Held > 0).OrderBy(b => b.CreatedAt).Take(MostNamed)
                .Select(b => new HeldBatch(b.Id, b.Held)).ToListAsync(),
            await SilentAsync(db, projectId, now),
            [.. from model in settings.Value.Models
                where model.ShutdownDate <= today.AddDays(EndingWithinDays)
                select new EndingModel(model.Name, model.ShutdownDate!.Value)]);
    }

    static Task<int> CountAsync(IQueryable<Migrations.Rows.Job> jobs, string status) => jobs.Where(j => j.Status == status).Take(MostCounted + 1).CountAsync();

    /// <summary>By submission, not by due time, for which there is an index; a retry's later time is respected all the same.</summary>
    static async Task<DateTimeOffset?> OldestDueAsync(DarkroomDb db, Guid projectId, DateTimeOffset now)
    {
        const int Looked = 500;
        return await db.Jobs.Where(j => j.ProjectId == projectId && j.Status == JobStatus.Queued).OrderBy(j => j.CreatedAt).ThenBy(j => j.Id).Take(Looked)
            .Where(j => j.DueAt <= now).MinAsync(j => (DateTimeOffset?)j.DueAt);
    }

    static async Task<List<FailureLine>> FailuresAsync(IQueryable<Migrations.Rows.Job> jobs, DateTimeOffset since) => await jobs
        .Where(j => j.Status == JobStatus.Failed && j.CreatedAt > since).OrderByDescending(j => j.CreatedAt).Take(MostFailures)
        .GroupBy(j => j.ErrorCode).Select(g => new { g.Key, Count = g.Count() }).OrderByDescending(g => g.Count).Take(8)
        .Select(g => new FailureLine(g.Key, g.Count)).ToListAsync();

    /// <summary>Not those that a person has disabled: that person knows.</summary>
    static async Task<List<SilentReceiver>> SilentAsync(DarkroomDb db, Guid projectId, DateTimeOffset now)
    {
        var since = now - FailingNamed;
        return await db.WebhookEndpoints
            .Where(e => e.ProjectId == projectId && e.Url != null && (e.DisabledAt != null ? e.DisabledReason != ReceiverRegistry.ByPerson : e.FailingSince < since))
            .OrderBy(e => e.CreatedAt).Take(MostNamed)
            .Select(e => new SilentReceiver(e.Id, e.Url!, e.DisabledAt == null ? null : e.DisabledReason ?? "", e.DisabledAt ?? e.FailingSince!.Value)).ToListAsync();
    }

    static async Task<List<NodeLine>> NodesAsync(DarkroomDb db, DateTimeOffset now)
    {
        var since = now - LostShown;
        var rows = await db.Nodes.AsNoTracking().Where(n => n.EndedAt == null || (n.Lost && n.HeartbeatAt > since)).OrderBy(n => n.Lost).ThenBy(n => n.Name).ToListAsync();
        return [.. rows.Select(n => new NodeLine(n.Name, n.Slots, n.Accepting, n.NotAcceptingReason, now - n.HeartbeatAt, n.Lost))];
    }

    /// <param name="Answer">Lazy, because the dictionary may make a value that it then throws away.</param>
    sealed record Reading(long Begun, Lazy<Task<Overview>> Answer);
}
