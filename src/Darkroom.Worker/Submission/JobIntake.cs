using System.Text.Json;
using Darkroom.Migrations;
using Darkroom.Migrations.Rows;
using Darkroom.Worker.Endpoint;
using Darkroom.Worker.Observability;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Submission;

/// <summary>What became of a submission.</summary>
/// <param name="Job">The new job, or the one that the same submission led to before; null where its key stands for another body.</param>
internal readonly record struct Intake(Job? Job, bool Replayed);

/// <summary>Turns a valid submission into a committed row, once, however often it is sent.</summary>
internal sealed class JobIntake(IDbContextFactory<DarkroomDb> databases, IOptions<EndpointSettings> settings, DarkroomMetrics metrics, TimeProvider time)
{
    /// <param name="keyId">The API key that submits; null where none does.</param>
    public async Task<Intake> AcceptAsync(SubmittedJob submitted, Guid projectId, Guid? keyId, SubmissionKey key, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        while (true)
        {
            if (await InsertAsync(db, submitted, projectId, keyId, key, ct) is { } inserted)
            {
                metrics.JobsSubmitted(inserted.Endpoint, inserted.Model, 1);
                return new(inserted, Replayed: false);
            }
            if (await FindAsync(db, projectId, key, ct) is { } earlier)
                return earlier;
            // The key expired between the two statements and is free now.
        }
    }

    /// <summary>What the key already led to, for a submission that need not be valid any more; null where the key is free.</summary>
    public async Task<Intake?> FindAsync(Guid projectId, SubmissionKey key, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        return await FindAsync(db, projectId, key, ct);
    }

    /// <summary>
    /// Key and job in one statement, so that both are committed or neither. Of concurrent duplicates one claims the key; the others wait for
    /// its commit and get nothing. Every key taken lets two expired ones go, so that the table holds about a day's keys.
    /// </summary>
    async Task<Job?> InsertAsync(DarkroomDb db, SubmittedJob job, Guid projectId, Guid? keyId, SubmissionKey key, CancellationToken ct)
    {
        var id = Guid.CreateVersion7(time.GetUtcNow());
        var metadata = JsonSerializer.Serialize(job.Metadata, JsonSerializerOptions.Default);
        // No attempt has cost nothing yet; without a price even that is not known.
        decimal? cost = settings.Value.Model(job.Model)?.Prices is null ? null : 0;
        var inserted = await db.Jobs.FromSql($"""
            WITH claimed AS (
                INSERT INTO darkroom.idempotency_keys AS k (project_id, key, body_sha256, job_id, created_at)
                SELECT {projectId}, {key.Text}::text, {key.BodySha256}, {id}, darkroom.now() WHERE {key.Text}::text IS NOT NULL
                ON CONFLICT (project_id, key) DO UPDATE
                SET body_sha256 = excluded.body_sha256, job_id = excluded.job_id, batch_id = NULL, created_at = excluded.created_at
                WHERE k.created_at <= darkroom.now() - {key.Lifetime}
                RETURNING job_id
            ), forgotten AS (
                DELETE FROM darkroom.idempotency_keys WHERE (project_id, key) IN (
                    SELECT project_id, key FROM darkroom.idempotency_keys
                    WHERE created_at <= darkroom.now() - {SubmissionKey.OwnLifetime} AND (project_id, key) <> ({projectId}, {key.Text}::text)
                    ORDER BY created_at LIMIT 2 FOR UPDATE SKIP LOCKED)
            )
            INSERT INTO darkroom.jobs (
                id, project_id, key_id, lane, endpoint, custom_id, model, prompt, quality, n, size, metadata, priority, deadline, max_attempts,
                max_unknown_attempts, on_unknown, webhook_url, webhook_events, status, due_at, ticket, tokens_taken, attempts,
                counted_attempts, unknown_attempts, cost_amount, cost_possible, trace_parent, created_at)
            SELECT
                {id}, {projectId}, {keyId}::uuid, {projectId}, {job.Endpoint}, {job.CustomId}::text, {job.Model}, {job.Prompt}, {job.Quality}, {job.N},
                {job.Size}, {metadata}::json, {job.Priority}, {job.Deadline}::timestamptz, {job.MaxAttempts}, {job.MaxUnknownAttempts},
                {job.OnUnknown}, {job.WebhookUrl}::text, {job.WebhookEvents}::text[], 'queued',
                greatest({job.NotBefore}::timestamptz, darkroom.now()), 0, 0, 0, 0, 0, {cost}::numeric, {cost}::numeric, {JobTrace.Current}::text, darkroom.now()
            WHERE {key.Text}::text IS NULL OR EXISTS (SELECT FROM claimed)
            RETURNING *
            """).AsNoTracking().ToListAsync(ct);
        return inserted.SingleOrDefault();
    }

    static async Task<Intake?> FindAsync(DarkroomDb db, Guid projectId, SubmissionKey key, CancellationToken ct)
    {
        if (await key.FindAsync(db, projectId, ct) is not { } found)
            return null;
        return key.IsFor(found) && found.JobId is { } id
            ? new(await db.Jobs.AsNoTracking().Include(j => j.Images).SingleAsync(j => j.Id == id, ct), Replayed: true)
            : new(null, Replayed: false);
    }
}
