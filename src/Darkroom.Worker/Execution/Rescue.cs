using Darkroom.Migrations;
using Darkroom.Migrations.Rows;
using Darkroom.Worker.Admission;
using Darkroom.Worker.Endpoint;
using Darkroom.Worker.Jobs;
using Darkroom.Worker.Observability;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Execution;

/// <summary>What becomes of the calls of a node that is gone.</summary>
internal sealed partial class Rescue(
    IDbContextFactory<DarkroomDb> databases, JobTransitions jobs, AttemptEndings endings, Spool spool, WorkSignal work, AttemptTelemetry telemetry,
    ILogger<Rescue> logger)
{
    /// <summary>How long a received answer waits for its spool to be adopted before a person is asked.</summary>
    public static readonly TimeSpan SpoolPatience = TimeSpan.FromMinutes(15);

    /// <summary>Marks a silent node as lost, unless it has spoken since.</summary>
    public async Task MarkLostAsync(Guid nodeId, DateTimeOffset heartbeat, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        await db.Nodes.Where(n => n.Id == nodeId && n.HeartbeatAt == heartbeat && n.EndedAt == null).ExecuteUpdateAsync(set => set
            .SetProperty(n => n.EndedAt, n => DarkroomDb.Now())
            .SetProperty(n => n.Accepting, false)
            .SetProperty(n => n.Lost, true), ct);
    }

    /// <summary>
    /// Ends the open calls of all ended nodes: <c>dispatched</c> ones at once, unless their answer is seen in the spool; <c>received</c> ones
    /// when their spool has not come back in time.
    /// </summary>
    public async Task OpenCallsAsync(CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        var open = await (
            from attempt in db.Attempts.AsNoTracking()
            join node in db.Nodes on attempt.NodeId equals node.Id
            join job in db.Jobs.AsNoTracking() on attempt.JobId equals job.Id
            where node.EndedAt != null
                && (attempt.Status == AttemptStatus.Dispatched
                    || (attempt.Status == AttemptStatus.Received && attempt.ReceivedAt < DarkroomDb.Now() - SpoolPatience))
            orderby attempt.Id
            select new { Attempt = attempt, Job = job }).Take(500).ToListAsync(ct);
        foreach (var lost in open)
        {
            var job = ClaimedJob.Of(lost.Job, lost.Attempt);
            if (lost.Attempt.Status == AttemptStatus.Dispatched && spool.Find(lost.Attempt.NodeId, lost.Attempt.Id) is { } manifest)
            {
                await jobs.ReceivedAsync(lost.Attempt.Id, manifest.Facts, ct);
                continue;
            }
            var end = lost.Attempt.Status == AttemptStatus.Received
                ? await endings.SpoolLostAsync(job, lost.Attempt, ct)
                : await endings.EndAsync(job, CallFailure.Of(FailureKind.NodeLost, $"Node {lost.Attempt.NodeName} died with this call in flight."), ct);
            // Every node looks; one of them is told of.
            if (end.Moved)
                telemetry.Rescued(job, end);
            Log.Rescued(logger, lost.Attempt.Id, lost.Attempt.NodeName, lost.Attempt.Status);
        }
        if (open.Count > 0)
            work.Raise();
    }

    static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Attempt {Attempt} of node {Node} was {Status} when the node was lost; it is unknown now.")]
        public static partial void Rescued(ILogger logger, Guid attempt, string node, string status);
    }
}
