using Darkroom.Migrations;
using Darkroom.Worker.Database;
using Darkroom.Worker.Events;
using Darkroom.Worker.Execution;
using Microsoft.EntityFrameworkCore;
using JobStatus = Darkroom.Migrations.Rows.JobStatus;

namespace Darkroom.Worker.DropIn;

/// <summary>Why a wait is over.</summary>
internal enum WaitEnd
{
    /// <summary>The job has succeeded, failed, been cancelled or been removed, or is held for a person.</summary>
    JobEnded,

    /// <summary>The job stands in the queue of an endpoint that is paused.</summary>
    EndpointPaused,

    /// <summary>The job goes on; nobody waits longer.</summary>
    TimeIsUp,

    /// <summary>The job goes on, or waits, elsewhere.</summary>
    NodeStopping,
}

/// <summary>Waits for one job, told by the tail of events; holds nothing of the job meanwhile.</summary>
internal sealed class ResultWait(
    IDbContextFactory<DarkroomDb> databases, EventTail tail, IEnumerable<RunningCalls> ownCalls, IHostApplicationLifetime host, TimeProvider clock)
{
    /// <summary>A pause of the endpoint is no event of the job.</summary>
    static readonly TimeSpan Look = TimeSpan.FromSeconds(5), LookWhileStopping = TimeSpan.FromSeconds(1);

    /// <param name="whilePaused">Waits on where the endpoint is paused.</param>
    /// <returns>Why, and for a pause its reason.</returns>
    public async Task<(WaitEnd End, string? Reason)> ForAsync(Guid jobId, TimeSpan atMost, bool whilePaused, CancellationToken ct)
    {
        using var watch = tail.Watch(jobId);
        using var stop = host.ApplicationStopping.Register(watch.Wake);
        for (var began = clock.GetTimestamp(); ;)
        {
            if (await EndAsync(jobId, whilePaused, ct) is { } end)
                return end;
            var stopping = host.ApplicationStopping.IsCancellationRequested;
            // What this node itself calls is answered within its drain time.
            if (stopping && !ownCalls.Any(calls => calls.Contains(jobId)))
                return (WaitEnd.NodeStopping, null);
            var left = atMost - clock.GetElapsedTime(began);
            if (left <= TimeSpan.Zero)
                return (WaitEnd.TimeIsUp, null);
            var look = stopping ? LookWhileStopping : Look;
            await watch.WaitAsync(left < look ? left : look, ct);
        }
    }

    /// <summary>Null where the wait goes on, also while the database is away.</summary>
    async Task<(WaitEnd, string?)?> EndAsync(Guid jobId, bool whilePaused, CancellationToken ct)
    {
        try
        {
            await using var db = await databases.CreateDbContextAsync(ct);
            var job = await db.Jobs.Where(j => j.Id == jobId).Select(j => new
            {
                j.Status,
                Paused = db.Endpoints.Where(e => e.Name == j.Endpoint && e.State == Migrations.Rows.EndpointState.Paused && e.ProbeJobId != jobId)
                    .Select(e => e.Reason ?? "It is paused.").FirstOrDefault(),
            }).SingleOrDefaultAsync(ct);
            return job?.Status is not (JobStatus.Queued or JobStatus.Running) ? (WaitEnd.JobEnded, null)
                : job.Status == JobStatus.Queued && job.Paused is { } reason && !whilePaused ? (WaitEnd.EndpointPaused, reason)
                : null;
        }
        catch (Exception e) when (DatabaseOutage.Explains(e))
        {
            return null;
        }
    }
}
