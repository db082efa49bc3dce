using NpgsqlTypes;

namespace Darkroom.Migrations.Rows;

/// <summary>
/// The words of one job's prompt and custom id, for search. Written after the job's own commit: an index on the insert path would make a
/// batch of 50,000 lines ten to sixty times slower.
/// </summary>
public sealed class JobSearchEntry
{
    public Guid JobId { get; init; }
    public Guid ProjectId { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public required NpgsqlTsVector Words { get; init; }
}

/// <summary>A small picture of a picture, made when somebody first looks, and gone with it.</summary>
public sealed class Thumbnail
{
    public Guid JobId { get; init; }
    public int Index { get; init; }

    /// <summary>WebP.</summary>
    public required byte[] Bytes { get; init; }
}

/// <summary>A person's cancel or retry of all jobs that match a filter, worked off page by page on the server.</summary>
public sealed class BulkAction
{
    public Guid Id { get; init; }
    public Guid ProjectId { get; init; }

    /// <summary><c>cancel</c> or <c>retry</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>The job list's filter, as it stands in the page's URL.</summary>
    public required string Filter { get; init; }

    /// <summary>Jobs created later are not touched.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>The last job that was dealt with; a crash continues behind it.</summary>
    public DateTimeOffset? CursorCreatedAt { get; init; }
    public Guid? CursorId { get; init; }
    public long Changed { get; init; }

    /// <summary>Jobs that had moved on in the meantime.</summary>
    public long Skipped { get; init; }

    /// <summary>A node works on it until then; renewed with each page.</summary>
    public DateTimeOffset ClaimedUntil { get; init; }
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>A person ended it before its end.</summary>
    public bool Stopped { get; init; }
}
