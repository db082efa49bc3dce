using Darkroom.Migrations;
using Darkroom.Migrations.Rows;
using Darkroom.Worker.Api;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Jobs;

/// <summary>Which jobs of a project a list shows, newest first.</summary>
internal sealed record JobFilter(
    string[]? Statuses, Guid? BatchId, string? CustomId, DateTimeOffset? CreatedAfter, DateTimeOffset? CreatedBefore, Guid? After, int Limit)
{
    public static JobFilter From(QueryReader query) => new(
        query.Several("status", JobStatus.All), query.Id("batch_id", WireId.Batch), query.Text("custom_id"),
        query.Time("created_after"), query.Time("created_before"), query.Id("after", WireId.Job), query.Limit());
}

/// <summary>Reads pages of jobs, each from an index however many there are.</summary>
internal static class JobList
{
    /// <returns>Up to one row more than the limit, with images; null where <see cref="JobFilter.After"/> is no job of the project.</returns>
    public static async Task<List<Job>?> ReadAsync(DarkroomDb db, Guid projectId, JobFilter filter, CancellationToken ct)
    {
        var jobs = Matching(db.Jobs.Where(j => j.ProjectId == projectId), filter);
        if (filter.After is { } after)
        {
            var cursor = await db.Jobs.Where(j => j.Id == after && j.ProjectId == projectId).Select(j => new { j.CreatedAt, j.Id }).SingleOrDefaultAsync(ct);
            if (cursor is null)
                return null;
            jobs = jobs.Where(j => EF.Functions.LessThan(ValueTuple.Create(j.CreatedAt, j.Id), ValueTuple.Create(cursor.CreatedAt, cursor.Id)));
        }
        var page = await Newest(jobs, filter).ToListAsync(ct);
        // Loaded apart: joined, every picture would repeat its job's prompt.
        var ids = page.Select(j => j.Id).ToArray();
        await db.Images.Where(i => ids.Contains(i.JobId)).LoadAsync(ct);
        return page;
    }

    static IQueryable<Job> Matching(IQueryable<Job> jobs, JobFilter filter)
    {
        if (filter.BatchId is { } batch)
            jobs = jobs.Where(j => j.BatchId == batch);
        if (filter.CustomId is { } name)
            jobs = jobs.Where(j => j.CustomId == name);
        if (filter.CreatedAfter is { } after)
            jobs = jobs.Where(j => j.CreatedAt > after);
        if (filter.CreatedBefore is { } before)
            jobs = jobs.Where(j => j.CreatedAt < before);
        return jobs;
    }

    /// <summary>
    /// Each status is its own range of the index, and the ranges are merged: one condition over several would walk past every job of the
    /// others, a million succeeded ones to find three that are held.
    /// </summary>
    static IQueryable<Job> Newest(IQueryable<Job> jobs, JobFilter filter)
    {
        var first = (IQueryable<Job> some) => some.OrderByDescending(j => j.CreatedAt).ThenByDescending(j => j.Id).Take(filter.Limit + 1);
        return filter.Statuses is { } statuses
            ? first(statuses.Select(status => first(jobs.Where(j => j.Status == status))).Aggregate((some, more) => some.Concat(more)))
            : first(jobs);
    }
}
