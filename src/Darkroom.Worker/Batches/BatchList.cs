using Darkroom.Migrations;
using Darkroom.Migrations.Rows;
using Darkroom.Worker.Api;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Batches;

/// <summary>Which batches of a project a list shows, newest first.</summary>
internal sealed record BatchFilter(string[]? Statuses, Guid? After, int Limit)
{
    public static BatchFilter From(QueryReader query) => new(query.Several("status", BatchStatus.All), query.Id("after", WireId.Batch), query.Limit());
}

internal static class BatchList
{
    /// <returns>Up to one row more than the limit; null where <see cref="BatchFilter.After"/> is no batch of the project.</returns>
    public static async Task<List<Batch>?> ReadAsync(DarkroomDb db, Guid projectId, BatchFilter filter, CancellationToken ct)
    {
        var batches = db.Batches.AsNoTracking().Where(b => b.ProjectId == projectId);
        if (filter.Statuses is { } statuses)
            batches = batches.Where(b => statuses.Contains(b.Status));
        if (filter.After is { } after)
        {
            var cursor = await db.Batches.Where(b => b.Id == after && b.ProjectId == projectId).Select(b => new { b.CreatedAt, b.Id }).SingleOrDefaultAsync(ct);
            if (cursor is null)
                return null;
            batches = batches.Where(b => EF.Functions.LessThan(ValueTuple.Create(b.CreatedAt, b.Id), ValueTuple.Create(cursor.CreatedAt, cursor.Id)));
        }
        return await batches.OrderByDescending(b => b.CreatedAt).ThenByDescending(b => b.Id).Take(filter.Limit + 1).ToListAsync(ct);
    }
}
