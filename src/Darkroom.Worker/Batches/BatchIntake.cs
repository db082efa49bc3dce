using System.Text.Json;
using Darkroom.Migrations;
using Darkroom.Migrations.Rows;
using Darkroom.Worker.Files;
using Darkroom.Worker.Submission;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Batches;

/// <summary>What became of a request for a batch.</summary>
/// <param name="Batch">The new one, or the one that the same request led to before; null where its key stands for something else.</param>
internal readonly record struct TakenBatch(Batch? Batch, bool Replayed);

/// <summary>Turns a valid request into a committed batch, once, however often it is sent. Its lines are read later, by a worker.</summary>
internal sealed class BatchIntake(IDbContextFactory<DarkroomDb> databases, TimeProvider time)
{
    /// <param name="fileId">The input file; null where the request names none.</param>
    /// <param name="keyId">The API key that submits; null where none does.</param>
    /// <returns>Null where there is no such file to make a batch of.</returns>
    public async Task<TakenBatch?> AcceptAsync(SubmittedBatch submitted, Guid? fileId, Guid projectId, Guid? keyId, SubmissionKey key, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        while (true)
        {
            // First what the key stands for: the file may be gone since.
            if (await FindAsync(db, projectId, key, ct) is { } earlier)
                return earlier;
            if (!await db.Files.Seen().AnyAsync(f => f.Id == fileId && f.ProjectId == projectId && f.Purpose == FilePurpose.Batch, ct))
                return null;
            if (await InsertAsync(db, submitted, fileId!.Value, projectId, keyId, key, ct) is { } inserted)
                return new(inserted, Replayed: false);
        }
    }

    static async Task<TakenBatch?> FindAsync(DarkroomDb db, Guid projectId, SubmissionKey key, CancellationToken ct)
    {
        if (await key.FindAsync(db, projectId, ct) is not { } found)
            return null;
        return key.IsFor(found) && found.BatchId is { } id
            ? new(await db.Batches.AsNoTracking().SingleAsync(b => b.Id == id, ct), Replayed: true)
            : new(null, Replayed: false);
    }

    /// <summary>Key and batch are committed together, or neither.</summary>
    /// <returns>Null where the key was taken meanwhile.</returns>
    async Task<Batch?> InsertAsync(
        DarkroomDb db, SubmittedBatch batch, Guid fileId, Guid projectId, Guid? keyId, SubmissionKey key, CancellationToken ct)
    {
        var id = Guid.CreateVersion7(time.GetUtcNow());
        var metadata = JsonSerializer.Serialize(batch.Metadata, JsonSerializerOptions.Default);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (!await key.TakeAsync(db, projectId, id, ct))
            return null;
        var inserted = await db.Batches.FromSql($"""
            INSERT INTO darkroom.batches (id, project_id, key_id, status, input_file_id, completion_window, metadata, priority, max_attempts,
                max_unknown_attempts, on_unknown, webhook_url, skip_invalid, output_base64, output_expires_after, total, succeeded, failed, held,
                canceled, skipped_lines, created_at, expires_at)
            VALUES ({id}, {projectId}, {keyId}::uuid, 'validating', {fileId}, {batch.CompletionWindow}, {metadata}::json, {batch.Priority},
                {batch.MaxAttempts}, {batch.MaxUnknownAttempts}, {batch.OnUnknown}, {batch.WebhookUrl}::text, {batch.SkipInvalid},
                {batch.OutputBase64}, {(int?)batch.OutputExpiresAfter}::int, 0, 0, 0, 0, 0, 0, darkroom.now(), darkroom.now() + {batch.Window})
            RETURNING *
            """).AsNoTracking().ToListAsync(ct);
        await transaction.CommitAsync(ct);
        return inserted.Single();
    }
}
