using Darkroom.Migrations;
using Darkroom.Migrations.Rows;

namespace Darkroom.Worker.Files;

/// <summary>What a file is for.</summary>
internal static class FilePurpose
{
    /// <summary>Uploaded: the lines of a batch.</summary>
    public const string Batch = "batch";

    /// <summary>Written by us: what became of the lines.</summary>
    public const string BatchOutput = "batch_output";

    /// <summary>Not a file yet: its bytes are on their way to the store.</summary>
    public const string Incoming = "incoming";

    public static readonly string[] All = [Batch, BatchOutput];

    /// <summary>Those that are there for callers: whole, and their time is not over.</summary>
    public static IQueryable<StoredFile> Seen(this IQueryable<StoredFile> files) =>
        files.Where(f => f.Purpose != Incoming && (f.ExpiresAt == null || f.ExpiresAt > DarkroomDb.Now()));
}
