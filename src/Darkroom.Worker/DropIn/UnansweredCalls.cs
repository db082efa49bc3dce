using Darkroom.Migrations;
using Darkroom.Worker.Submission;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.DropIn;

/// <summary>
/// Calls whose caller went away before the answer. A client that neither sends a key nor counts its repeats (OpenAI's for .NET does neither)
/// repeats within seconds what timed out or broke: the same body of the same project within a minute of such a call is that call again.
/// </summary>
internal sealed class UnansweredCalls(IDbContextFactory<DarkroomDb> databases)
{
    static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(1);

    /// <summary>No key of a caller has a space.</summary>
    public static SubmissionKey NameOf(byte[] bodySha256) => new($"unanswered {Convert.ToHexStringLower(bodySha256)}", bodySha256, Lifetime);

    public async Task KeepAsync(Guid projectId, Guid jobId, SubmissionKey name)
    {
        // The caller's own token is what has just ended.
        await using var db = await databases.CreateDbContextAsync();
        await db.Database.ExecuteSqlAsync($"""
            INSERT INTO darkroom.idempotency_keys (project_id, key, body_sha256, job_id, created_at)
            VALUES ({projectId}, {name.Text}, {name.BodySha256}, {jobId}, darkroom.now())
            ON CONFLICT (project_id, key) DO UPDATE SET job_id = excluded.job_id, created_at = excluded.created_at
            """);
    }
}
