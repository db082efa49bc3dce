using Darkroom.Migrations;
using Darkroom.Migrations.Rows;
using Darkroom.Worker.Api;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Files;

/// <summary>Which files of a project a list shows.</summary>
internal sealed record FileFilter(string[]? Purposes, bool OldestFirst, Guid? After, int Limit)
{
    /// <summary>OpenAI's, and its default too: its client for .NET asks for one page and takes it for all.</summary>
    public const int Most = 10_000;

    public static FileFilter From(QueryReader query) => new(
        query.Several("purpose", FilePurpose.All), query.Several("order", ["asc", "desc"]) is ["asc"], query.Id("after", WireId.File), query.Limit(most: Most, unsaid: Most));
}

internal static class FileList
{
    /// <summary>By their ids, which have the time of their making: a page goes on behind a file that was deleted meanwhile, as a clean-up does.</summary>
    /// <returns>Up to one row more than the limit.</returns>
    public static Task<List<StoredFile>> ReadAsync(DarkroomDb db, Guid projectId, FileFilter filter, CancellationToken ct)
    {
        var files = db.Files.Seen().AsNoTracking().Where(f => f.ProjectId == projectId);
        if (filter.Purposes is { } purposes)
            files = files.Where(f => purposes.Contains(f.Purpose));
        if (filter.After is { } after)
            files = filter.OldestFirst ? files.Where(f => f.Id > after) : files.Where(f => f.Id < after);
        return (filter.OldestFirst ? files.OrderBy(f => f.Id) : files.OrderByDescending(f => f.Id)).Take(filter.Limit + 1).ToListAsync(ct);
    }
}
