using System.Runtime.CompilerServices;
using Darkroom.Migrations;
using Darkroom.Migrations.Rows;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Batches;

/// <summary>Reads the lines of a batch in the order of its file, with their pictures: a page at a time, so that nobody holds them all or keeps a transaction open.</summary>
internal sealed class BatchLines(IDbContextFactory<DarkroomDb> databases)
{
    const int PageSize = 500;

    public async IAsyncEnumerable<IReadOnlyList<LineOutcome>> PagesAsync(Guid batchId, [EnumeratorCancellation] CancellationToken ct)
    {
        for (Job? last = null; ;)
        {
            var page = await PageAsync(batchId, last, ct);
            if (page.Count > 0)
                yield return page;
            if (page.Count < PageSize)
                yield break;
            last = page[^1].Job;
        }
    }

    async Task<List<LineOutcome>> PageAsync(Guid batchId, Job? after, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        var lines = db.Jobs.Where(j => j.BatchId == batchId);
        if (after is not null)
            lines = lines.Where(j => EF.Functions.GreaterThan(ValueTuple.Create(j.CreatedAt, j.Id), ValueTuple.Create(after.CreatedAt, after.Id)));
        var page = await lines.OrderBy(j => j.CreatedAt).ThenBy(j => j.Id).Take(PageSize).ToListAsync(ct);
        // Loaded apart: joined, every picture would repeat its line's prompt.
        var ids = page.Where(j => j.Status == JobStatus.Succeeded).Select(j => j.Id).ToArray();
        await db.Images.Where(i => ids.Contains(i.JobId)).LoadAsync(ct);
        return await WithRequestsAsync(db, page, ct);
    }

    /// <param name="jobs">With their pictures.</param>
    public static async Task<List<LineOutcome>> WithRequestsAsync(DarkroomDb db, IReadOnlyCollection<Job> jobs, CancellationToken ct)
    {
        var winners = jobs.Where(j => j.Status == JobStatus.Succeeded).Select(j => j.AttemptId).ToArray();
        var requests = await db.Attempts.Where(a => winners.Contains(a.Id)).Select(a => new { a.Id, a.RequestId }).ToDictionaryAsync(a => a.Id, a => a.RequestId, ct);
        return [.. jobs.Select(j => new LineOutcome(j, j.AttemptId is { } won ? requests.GetValueOrDefault(won) : null))];
    }
}

/// <param name="Job">With its pictures.</param>
/// <param name="RequestId">The endpoint's name for the call that won.</param>
internal sealed record LineOutcome(Job Job, string? RequestId);
