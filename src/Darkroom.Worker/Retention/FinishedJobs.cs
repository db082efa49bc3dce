using Darkroom.Migrations;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Retention;

/// <summary>
/// Walks through finished jobs that are older than an age, oldest first, and remembers how far it came: what was looked at once is not
/// looked at again until, about once an hour, it begins anew, for those that a call in flight or a running batch has kept.
/// </summary>
internal sealed class FinishedJobs
{
    /// <summary>Sweeps that found nothing more, one a minute.</summary>
    const int IdleSweeps = 60;

    DateTimeOffset afterTime = DateTimeOffset.MinValue;
    int idle;
    Guid afterId;

    /// <summary>The next jobs in turn, at most <paramref name="atMost"/>. A call that is still in flight keeps its job, and a batch its lines until its files are written.</summary>
    public async Task<List<FinishedJob>> NextAsync(DarkroomDb db, TimeSpan age, int atMost, CancellationToken ct)
    {
        var jobs = await db.Database.SqlQuery<FinishedJob>($"""
            SELECT id, project_id, finished_at FROM darkroom.jobs AS j
            WHERE finished_at < darkroom.now() - {age} AND (finished_at, id) > ({afterTime}, {afterId})
              AND status IN ('succeeded', 'failed', 'canceled')
              AND NOT EXISTS (SELECT FROM darkroom.attempts WHERE job_id = j.id AND status IN ('dispatched', 'received'))
              AND (batch_id IS NULL OR NOT EXISTS (
                  SELECT FROM darkroom.batches WHERE id = j.batch_id AND status IN ('validating', 'in_progress', 'cancelling', 'finalizing')))
            ORDER BY finished_at, id LIMIT {atMost}
            """).ToListAsync(ct);
        if (jobs.Count > 0)
            (afterTime, afterId) = (jobs[^1].FinishedAt, jobs[^1].Id);
        else if (++idle % IdleSweeps == 0)
            StartOver();
        return jobs;
    }

    /// <summary>From the beginning again: something could not be removed.</summary>
    public void StartOver() => afterTime = DateTimeOffset.MinValue;
}

internal sealed record FinishedJob(Guid Id, Guid ProjectId, DateTimeOffset FinishedAt);
