using System.Globalization;
using Darkroom.Migrations;
using Darkroom.Migrations.Rows;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Submission;

/// <summary>What a submission is known by, so that its repetition leads to the same row; one per project over all ways to submit.</summary>
/// <param name="Text">Null for a submission that cannot be repeated, only made again.</param>
/// <param name="Lifetime">How long it stands for what it led to.</param>
internal readonly record struct SubmissionKey(string? Text, byte[] BodySha256, TimeSpan Lifetime)
{
    /// <summary>How long a caller's own key stands.</summary>
    public static readonly TimeSpan OwnLifetime = TimeSpan.FromHours(24);

    static readonly TimeSpan RetryLifetime = TimeSpan.FromHours(1), SilentLifetime = TimeSpan.FromMinutes(3);

    const string OpenAIClient = "OpenAI/";

    /// <summary>Sent by OpenAI's SDKs: 0 with a first call, then how often it has been repeated.</summary>
    const string RetryCount = "X-Stainless-Retry-Count";

    /// <summary>
    /// The caller's own key. Without one, a call of OpenAI's SDKs is known by its body: they repeat what timed out by themselves, and that must
    /// not buy again. Their first calls always make something new, which takes the name over from what an equal call made before; only a
    /// repeat finds it. No key of a caller has a space.
    /// </summary>
    public static SubmissionKey Of(HttpRequest request, string? own, byte[] bodySha256) =>
        own is not null ? new(own, bodySha256, OwnLifetime)
        : int.TryParse(request.Headers[RetryCount], NumberStyles.None, CultureInfo.InvariantCulture, out var retries)
            ? new($"sdk {Convert.ToHexStringLower(bodySha256)}", bodySha256, retries > 0 ? RetryLifetime : TimeSpan.Zero)
            : new(null, bodySha256, TimeSpan.Zero);

    /// <summary>
    /// For a batch, which may be fifty thousand purchases: a call of OpenAI's client for .NET, which repeats what broke without a key or a count,
    /// is known by its body too, for longer than the 100 s after which it gives up and repeats.
    /// </summary>
    public static SubmissionKey OfBatch(HttpRequest request, string? own, byte[] bodySha256) =>
        Of(request, own, bodySha256) is { Text: not null } known ? known
        : request.Headers.UserAgent.ToString().StartsWith(OpenAIClient, StringComparison.Ordinal)
            ? new($"silent {Convert.ToHexStringLower(bodySha256)}", bodySha256, SilentLifetime)
            : new(null, bodySha256, TimeSpan.Zero);

    /// <summary>What it stands for; null where it is free.</summary>
    public async Task<IdempotencyKey?> FindAsync(DarkroomDb db, Guid projectId, CancellationToken ct) =>
        Text is null ? null : await db.IdempotencyKeys.FromSql($"""
            SELECT * FROM darkroom.idempotency_keys WHERE project_id = {projectId} AND key = {Text} AND created_at > darkroom.now() - {Lifetime}
            """).AsNoTracking().SingleOrDefaultAsync(ct);

    /// <summary>
    /// Takes it for a batch, in the transaction that makes the batch. Of concurrent duplicates one gets it; the others wait for its commit.
    /// </summary>
    /// <returns>False where it stands for something already.</returns>
    public async Task<bool> TakeAsync(DarkroomDb db, Guid projectId, Guid batchId, CancellationToken ct) =>
        Text is null || await db.Database.ExecuteSqlAsync($"""
            INSERT INTO darkroom.idempotency_keys AS k (project_id, key, body_sha256, batch_id, created_at)
            VALUES ({projectId}, {Text}, {BodySha256}, {batchId}, darkroom.now())
            ON CONFLICT (project_id, key) DO UPDATE
            SET body_sha256 = excluded.body_sha256, job_id = NULL, batch_id = excluded.batch_id, created_at = excluded.created_at
            WHERE k.created_at <= darkroom.now() - {Lifetime}
            """, ct) > 0;

    public bool IsFor(IdempotencyKey found) => found.BodySha256.AsSpan().SequenceEqual(BodySha256);
}
