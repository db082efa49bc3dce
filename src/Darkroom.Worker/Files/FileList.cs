using Darkroom.Migrations;
using Darkroom.Migrations.Rows;
using Darkroom.Worker.Api;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Files;

/// <summary>Which files of a project a list shows.</summary>
internal sealed record FileFilter(string[]? Purposes, bool OldestFirst, Guid? After, int Limit)
{
    public static FileFilter From(QueryReader query) => new(
        query.Several("purpose", FilePurpose.All), query.Several("order", ["asc", "desc"]) is ["asc"], query.Id("after", WireId.File), query.Limit());
}

internal static class FileList
{
    /// <returns>Up to one row more than the limit; null where <see cref="FileFilter.After"/> is no file of the project.</returns>
    public static async Task<List<StoredFile>?> ReadAsync(DarkroomDb db, Guid projectId, FileFilter filter, CancellationToken ct)
    {
        var files = db.Files.Seen().AsNoTracking().Where(f => f.ProjectId == projectId);
        if (filter.Purposes is { } purposes)
            files = files.Where(f => purposes.Contains(f.Purpose));
        if (filter.After is { } after)
        {
            var cursor = await db.Files.Where(f => f.Id == after && f.ProjectId == projectId).Select(f => new { f.CreatedAt, f.Id }).SingleOrDefaultAsync(ct);
            if (cursor is null)
                return null;
            files = filter.OldestFirst
                ? files.Where(f => EF.Functions.GreaterThan(ValueTuple.Create(f.CreatedAt, f.Id), ValueTuple.Create(cursor.CreatedAt, cursor.Id)))
                : files.Where(f => EF.Functions.LessThan(ValueTuple.Create(f.CreatedAt, f.Id), ValueTuple.Create(cursor.CreatedAt, cursor.Id)));
        }
        var ordered = filter.OldestFirst
            ? files.OrderBy(f => f.CreatedAt).ThenBy(f => f.Id)
            : files.OrderByDescending(f => f.CreatedAt).ThenByDescending(f => f.Id);
        return await ordered.Take(filter.Limit + 1).ToListAsync(ct);
    }
}
