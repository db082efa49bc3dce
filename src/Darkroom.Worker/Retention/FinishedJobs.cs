using Darkroom.Migrations;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Retention;

/// <summary>
/// Walks through finished jobs that are older than an age, oldest first, and remembers how far it came: what was looked at once is not
/// looked at again until the process starts anew.
/// </summary>
internal sealed class FinishedJobs
{
    DateTimeOffset afterTime = DateTimeOffset.MinValue;
    Guid afterId;

    /// <summary>The next jobs in turn, at most <paramref name="atMost"/>. A call that is still in flight keeps its job.</summary>
    public async Task<List<FinishedJob>> NextAsync(DarkroomDb db, TimeSpan age, int atMost, CancellationToken ct)
    {
        var jobs = await db.Database.SqlQuery<FinishedJob>($"""
            SELECT id, project_id, finished_at FROM darkroom.jobs AS j
            WHERE finished_at < darkroom.now() - {age} AND (finished_at, id) > ({afterTime}, {afterId})
              AND status IN ('succeeded', 'failed', 'canceled')
              AND NOT EXISTS (SELECT FROM darkroom.attempts WHERE job_id = j.id AND status IN ('dispatched', 'received'))
            ORDER BY finished_at, id LIMIT {atMost}
            """).ToListAsync(ct);
        if (jobs.Count > 0)
            (afterTime, afterId) = (jobs[^1].FinishedAt, jobs[^1].Id);
        return jobs;
    }

    /// <summary>From the beginning again: something could not be removed.</summary>
    public void StartOver() => afterTime = DateTimeOffset.MinValue;
}

internal sealed record FinishedJob(Guid Id, Guid ProjectId, DateTimeOffset FinishedAt);
