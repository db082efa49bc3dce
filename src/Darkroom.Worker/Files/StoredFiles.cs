using Darkroom.Migrations;
using Darkroom.Migrations.Rows;
using Darkroom.Worker.Storage;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Files;

/// <summary>
/// The only writer of files: of their bytes in the store and of their rows. A row is there before the bytes, as <c>incoming</c>, which nobody
/// sees and which expires in a day: whatever crashes, the sweep knows all that the store may hold. It becomes a file once the bytes are durable.
/// </summary>
internal sealed partial class StoredFiles(
    IDbContextFactory<DarkroomDb> databases, IImageStore store, DraftFolder drafts, ILogger<StoredFiles> logger)
{
    static readonly TimeSpan IncomingLifetime = TimeSpan.FromDays(1);

    /// <summary>Somewhere to write a file's bytes; dispose it when it is kept or given up.</summary>
    public FileDraft Draft(Guid projectId, Guid fileId) => drafts.Create(projectId, fileId);

    /// <summary>Stores a draft that is written to its end, then shows it. May be repeated: the first whole file of an id stays, whatever comes later.</summary>
    /// <param name="expiresAfter">From now; null for never.</param>
    /// <returns>The file, or why the store does not take it.</returns>
    public async Task<StoreResult<StoredFile>> KeepAsync(
        FileDraft draft, string purpose, string filename, TimeSpan? expiresAfter, CancellationToken ct)
    {
        var properties = await draft.FinishAsync(ct);
        var tried = new List<byte[]> { properties.Sha256 };
        await using var db = await databases.CreateDbContextAsync(ct);
        while (true)
        {
            var before = await db.Files.AsNoTracking().SingleOrDefaultAsync(f => f.Id == draft.FileId, ct);
            if (before is not null && before.Purpose != FilePurpose.Incoming)
                return await DropOthersAsync(before, tried, ct);
            if (before is not null)
                tried.Add(before.Sha256); // Of a process that died, or is slower: it will not be able to show them.
            await AnnounceAsync(db, draft, filename, properties, ct);
            if ((await store.PutAsync(new FileKey(draft.ProjectId, draft.FileId, properties.Sha256), draft.FilePath, properties, ct)).Failure is { } failure)
                return failure;
            if (await ShowAsync(db, draft.FileId, properties.Sha256, purpose, expiresAfter, ct) is { } kept)
                return await DropOthersAsync(kept, tried, ct);
            // Another process that writes the same file has announced its own bytes meanwhile.
        }
    }

    /// <summary>From here a row knows of the bytes that are about to be stored.</summary>
    static Task<int> AnnounceAsync(DarkroomDb db, FileDraft draft, string filename, SourceProperties properties, CancellationToken ct) =>
        db.Database.ExecuteSqlAsync($"""
            INSERT INTO darkroom.files AS f (id, project_id, purpose, filename, bytes, sha256, created_at, expires_at)
            VALUES ({draft.FileId}, {draft.ProjectId}, {FilePurpose.Incoming}, {filename}, {properties.Length}, {properties.Sha256},
                darkroom.now(), darkroom.now() + {IncomingLifetime})
            ON CONFLICT (id) DO UPDATE SET bytes = excluded.bytes, sha256 = excluded.sha256, expires_at = excluded.expires_at
            WHERE f.purpose = {FilePurpose.Incoming}
            """, ct);

    static async Task<StoredFile?> ShowAsync(DarkroomDb db, Guid fileId, byte[] sha256, string purpose, TimeSpan? expiresAfter, CancellationToken ct) =>
        (await db.Files.FromSql($"""
            UPDATE darkroom.files SET purpose = {purpose}, created_at = darkroom.now(), expires_at = darkroom.now() + {expiresAfter}::interval
            WHERE id = {fileId} AND sha256 = {sha256} AND purpose = {FilePurpose.Incoming} AND expires_at > darkroom.now()
            RETURNING *
            """).AsNoTracking().ToListAsync(ct)).SingleOrDefault();

    /// <summary>A whole file never changes: all other bytes that were stored under its id are of nobody.</summary>
    async Task<StoredFile> DropOthersAsync(StoredFile whole, List<byte[]> tried, CancellationToken ct)
    {
        foreach (var sha256 in tried.Where(t => !t.AsSpan().SequenceEqual(whole.Sha256)))
        {
            if (await store.DeleteAsync(new FileKey(whole.ProjectId, whole.Id, sha256), ct) is { } failure)
                Log.Refused(logger, whole.Id, failure.Message);
        }
        return whole;
    }

    /// <summary>Ends a file now. Should its bytes or row outlive this call, the sweep removes them.</summary>
    /// <returns>What became of it; null where the project has no such file.</returns>
    public async Task<FileRemoval?> DeleteAsync(Guid projectId, Guid fileId, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        if (await db.Files.Seen().AsNoTracking().SingleOrDefaultAsync(f => f.Id == fileId && f.ProjectId == projectId, ct) is not { } file)
            return null;
        var ended = await db.Files.Where(f => f.Id == fileId && !db.Batches.Any(b => b.InputFileId == f.Id && b.Status == BatchStatus.Validating))
            .ExecuteUpdateAsync(set => set.SetProperty(f => f.ExpiresAt, f => DarkroomDb.Now()), ct);
        if (ended == 0)
            return FileRemoval.InUse;
        await RemoveAsync(db, file, ct);
        return FileRemoval.Done;
    }

    /// <summary>Removes files whose time is over, but for those whose lines are being read; a hundred at a time.</summary>
    /// <returns>Whether there may be more.</returns>
    public async Task<bool> RemoveExpiredAsync(CancellationToken ct)
    {
        const int AtOnce = 100;
        await using var db = await databases.CreateDbContextAsync(ct);
        var expired = await db.Files.AsNoTracking()
            .Where(f => f.ExpiresAt <= DarkroomDb.Now() && !db.Batches.Any(b => b.InputFileId == f.Id && b.Status == BatchStatus.Validating))
            .OrderBy(f => f.ExpiresAt).Take(AtOnce).ToListAsync(ct);
        foreach (var file in expired)
        {
            if (await RemoveAsync(db, file, ct) is not null)
                return false;
        }
        return expired.Count == AtOnce;
    }

    /// <summary>Bytes first: a crash in between leaves a row whose bytes are gone, which the sweep finds, and never bytes that no row knows of.</summary>
    /// <returns>Null, or why the store refuses.</returns>
    async Task<StoreFailure?> RemoveAsync(DarkroomDb db, StoredFile file, CancellationToken ct)
    {
        if (await store.DeleteAsync(new FileKey(file.ProjectId, file.Id, file.Sha256), ct) is { } failure)
        {
            Log.Refused(logger, file.Id, failure.Message);
            return failure;
        }
        await db.Files.Where(f => f.Id == file.Id && f.Sha256 == file.Sha256 && f.Purpose == file.Purpose).ExecuteDeleteAsync(ct);
        return null;
    }

    static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "File {File} cannot be removed from the store ({Reason}); it is tried again.")]
        public static partial void Refused(ILogger logger, Guid file, string reason);
    }
}

/// <summary>What became of an attempt to delete a file.</summary>
internal enum FileRemoval
{
    Done,

    /// <summary>A batch is reading its lines just now.</summary>
    InUse,
}
