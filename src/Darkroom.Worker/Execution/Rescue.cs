using Darkroom.Migrations;
using Darkroom.Migrations.Rows;
using Darkroom.Worker.Admission;
using Darkroom.Worker.Database;
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
            try
            {
                await RescueAsync(lost.Job, lost.Attempt, ct);
            }
            catch (Exception e) when (!DatabaseOutage.Explains(e) && e is not OperationCanceledException)
            {
                // One that cannot be rescued keeps none of the others waiting.
                Log.Defect(logger, e, lost.Attempt.Id);
            }
        }
        if (open.Count > 0)
            work.Raise();
    }

    async Task RescueAsync(Job row, Attempt attempt, CancellationToken ct)
    {
        var job = ClaimedJob.Of(row, attempt);
        if (spool.Find(attempt.Id) is { } manifest)
        {
            // Received, and on its way: whoever can lock its folder finishes it.
            await jobs.ReceivedAsync(attempt.Id, manifest.Facts, ct);
            return;
        }
        var end = attempt.Status == AttemptStatus.Received
            ? await endings.SpoolLostAsync(job, attempt, ct)
            : await endings.EndAsync(job, CallFailure.Of(FailureKind.NodeLost, $"Node {attempt.NodeName} died with this call in flight."), ct);
        // Every node looks; one of them is told of.
        if (end.Ended != Ended.Nothing)
            telemetry.Rescued(job, end);
        Log.Rescued(logger, attempt.Id, attempt.NodeName, attempt.Status);
    }

    static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "Attempt {Attempt} of a lost node met a defect; it is tried again.")]
        public static partial void Defect(ILogger logger, Exception error, Guid attempt);

        [LoggerMessage(LogLevel.Warning, "Attempt {Attempt} of node {Node} was {Status} when the node was lost; it is unknown now.")]
        public static partial void Rescued(ILogger logger, Guid attempt, string node, string status);
    }
}
