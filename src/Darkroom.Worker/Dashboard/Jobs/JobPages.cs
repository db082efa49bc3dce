using Darkroom.Migrations;
using Darkroom.Migrations.Rows;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Dashboard.Jobs;

/// <summary>Some jobs, newest first, and where to go on.</summary>
/// <param name="More">The job behind which the next page begins; null at the end.</param>
/// <param name="LookedUntil">Set where looking stopped before the page was full: jobs older than this were not looked at yet.</param>
public sealed record JobPage(IReadOnlyList<Job> Rows, Job? More, DateTimeOffset? LookedUntil);

/// <summary>
/// Reads pages of the job list in a time that does not grow with the table. Project, status, batch and time come from an index. Model,
/// key, error and common words are looked for among a bounded number of jobs at a time; the page says how far it looked.
/// </summary>
internal static class JobPages
{
    public const int PageSize = 50;

    /// <summary>Jobs looked at for one page: some 50 ms.</summary>
    const int Window = 20_000;

    /// <summary>So many jobs with the words are fetched and sorted; of a word more common, the newest are found by looking at jobs in their order.</summary>
    const int FewHits = 5_000;

    public static async Task<JobPage> ReadAsync(DarkroomDb db, Guid projectId, JobsQuery query, int size, CancellationToken ct)
    {
        var jobs = db.Jobs.AsNoTracking().Where(j => j.ProjectId == projectId);
        if (query.After is { } after)
        {
            var cursor = await jobs.Where(j => j.Id == after).Select(j => new { j.CreatedAt, j.Id }).SingleOrDefaultAsync(ct);
            if (cursor is not null)
                jobs = jobs.Where(j => EF.Functions.LessThan(ValueTuple.Create(j.CreatedAt, j.Id), ValueTuple.Create(cursor.CreatedAt, cursor.Id)));
        }
        if (query.Batch is { } batch)
            jobs = jobs.Where(j => j.BatchId == batch);
        if (query.From is { } from)
            jobs = jobs.Where(j => j.CreatedAt >= from);
        if (query.To is { } to)
            jobs = jobs.Where(j => j.CreatedAt < to);

        var narrowed = false;
        Func<IQueryable<Job>, IQueryable<Job>> narrow = some => some;
        if (query.Words is not null)
        {
            var words = await ParsedAsync(db, query.Words, ct);
            if (words is null)
                return new JobPage([], null, null);
            var hits = await db.Database.SqlQuery<Guid>($"""
                SELECT job_id AS "Value" FROM darkroom.job_search WHERE project_id = {projectId} AND words @@ {words}::tsquery LIMIT {FewHits + 1}
                """).ToArrayAsync(ct);
            if (hits.Length <= FewHits)
                jobs = jobs.Where(j => hits.Contains(j.Id));
            else
            {
                narrowed = true;
                narrow = some => some.Where(j => db.JobSearch.FromSql($"SELECT * FROM darkroom.job_search WHERE words @@ {words}::tsquery").Any(s => s.JobId == j.Id));
            }
        }
        if (query.Model is { } model)
            (narrowed, narrow) = (true, And(narrow, some => some.Where(j => j.Model == model)));
        if (query.Key is { } key)
            (narrowed, narrow) = (true, And(narrow, some => some.Where(j => j.KeyId == key)));
        if (query.ErrorCode is { } code)
            (narrowed, narrow) = (true, And(narrow, some => some.Where(j => j.ErrorCode == code)));

        if (!narrowed)
            return Cut(await Newest(jobs, query.Statuses, size + 1).ToListAsync(ct), size);
        var found = await First(narrow(Newest(jobs, query.Statuses, Window)), size + 1).ToListAsync(ct);
        if (found.Count > size)
            return Cut(found, size);
        var last = await First(Newest(jobs, query.Statuses, Window), Window).Skip(Window - 1).Take(1).ToListAsync(ct);
        return new JobPage(found, last.SingleOrDefault(), last.SingleOrDefault()?.CreatedAt);
    }

    /// <returns>A <c>tsquery</c> of the beginnings of the words; null where the text has none.</returns>
    static async Task<string?> ParsedAsync(DarkroomDb db, string text, CancellationToken ct) => (await db.Database.SqlQuery<string?>($"""
        SELECT string_agg(quote_literal(lexeme) || ':*', ' & ') AS "Value" FROM unnest(to_tsvector('simple', {text}))
        """).ToListAsync(ct)).Single();

    static Func<IQueryable<Job>, IQueryable<Job>> And(Func<IQueryable<Job>, IQueryable<Job>> first, Func<IQueryable<Job>, IQueryable<Job>> second) =>
        some => second(first(some));

    /// <summary>Each status is a range of its index, and the ranges are merged: see <c>JobList</c>.</summary>
    static IQueryable<Job> Newest(IQueryable<Job> jobs, string[] statuses, int count) => statuses is []
        ? First(jobs, count)
        : First(statuses.Select(status => First(jobs.Where(j => j.Status == status), count)).Aggregate((some, more) => some.Concat(more)), count);

    static IQueryable<Job> First(IQueryable<Job> jobs, int count) => jobs.OrderByDescending(j => j.CreatedAt).ThenByDescending(j => j.Id).Take(count);

    static JobPage Cut(List<Job> rows, int size) =>
        rows.Count > size ? new JobPage(rows[..size], rows[size - 1], null) : new JobPage(rows, null, null);
}
