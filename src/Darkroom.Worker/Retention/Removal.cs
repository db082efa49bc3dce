using Darkroom.Migrations;
using Darkroom.Worker.Storage;
using Darkroom.Worker.Webhooks;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Retention;

/// <summary>
/// Removes what is old enough, a small batch at a time: pictures first and their rows after, so that a crash leaves rows whose pictures
/// are gone, which the next sweep finds, and never pictures that no row knows of.
/// </summary>
internal sealed partial class Removal(
    IDbContextFactory<DarkroomDb> databases, IImageStore store, IOptions<RetentionOptions> options, IOptions<WebhookOptions> webhooks,
    ILogger<Removal> logger)
{
    static readonly TimeSpan EndedNodesAge = TimeSpan.FromDays(7), LostTicketsAge = TimeSpan.FromDays(1), IdempotencyAge = TimeSpan.FromDays(1);

    /// <summary>Rows of logs and keys in one statement: small ones, without pictures.</summary>
    const int LogBatch = 5000;

    readonly FinishedJobs forJobs = new(), forAttempts = new(), forPictures = new();

    /// <returns>Whether there may be more.</returns>
    public async Task<bool> JobsAsync(CancellationToken ct)
    {
        if (options.Value.Jobs is not { } age)
            return false;
        await using var db = await databases.CreateDbContextAsync(ct);
        var jobs = await forJobs.NextAsync(db, age, options.Value.BatchSize, ct);
        if (!await PicturesOfAsync(db, jobs, ct))
        {
            forJobs.StartOver();
            return false;
        }

        if (jobs.Count == 0)
            return false;
        var ids = jobs.Select(j => j.Id).ToArray();
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        // A job that somebody retried in the meantime is no longer finished.
        var still = await db.Database.SqlQuery<Guid>($"""
            SELECT id AS "Value" FROM darkroom.jobs
            WHERE id = ANY({ids}) AND status IN ('succeeded', 'failed', 'canceled') AND finished_at < darkroom.now() - {age} FOR UPDATE
            """).ToListAsync(ct);
        await db.Images.Where(i => still.Contains(i.JobId)).ExecuteDeleteAsync(ct);
        await db.Attempts.Where(a => still.Contains(a.JobId)).ExecuteDeleteAsync(ct);
        await db.JobEvents.Where(e => still.Contains(e.JobId)).ExecuteDeleteAsync(ct);
        await db.Jobs.Where(j => still.Contains(j.Id)).ExecuteDeleteAsync(ct);
        await transaction.CommitAsync(ct);
        if (still.Count > 0)
            Log.Removed(logger, still.Count, "jobs", age.TotalDays);
        return jobs.Count == options.Value.BatchSize;
    }

    /// <returns>Whether there may be more.</returns>
    public async Task<bool> PicturesAsync(CancellationToken ct)
    {
        if (options.Value.Pictures is not { } age)
            return false;
        await using var db = await databases.CreateDbContextAsync(ct);
        var jobs = await forPictures.NextAsync(db, age, options.Value.BatchSize, ct);
        if (!await PicturesOfAsync(db, jobs, ct))
        {
            forPictures.StartOver();
            return false;
        }
        return jobs.Count == options.Value.BatchSize;
    }

    /// <returns>Whether there may be more.</returns>
    public async Task<bool> AttemptsAsync(CancellationToken ct)
    {
        if (options.Value.Attempts is not { } age)
            return false;
        await using var db = await databases.CreateDbContextAsync(ct);
        var jobs = await forAttempts.NextAsync(db, age, options.Value.BatchSize, ct);
        var ids = jobs.Select(j => j.Id).ToArray();
        var removed = await db.Attempts.Where(a => ids.Contains(a.JobId)).ExecuteDeleteAsync(ct);
        if (removed > 0)
            Log.Removed(logger, removed, "attempts", age.TotalDays);
        return jobs.Count == options.Value.BatchSize;
    }

    /// <returns>Whether there may be more.</returns>
    public async Task<bool> IdempotencyKeysAsync(CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        return await db.IdempotencyKeys.Where(k => k.CreatedAt < DarkroomDb.Now() - IdempotencyAge)
            .OrderBy(k => k.CreatedAt).Take(LogBatch).ExecuteDeleteAsync(ct) == LogBatch;
    }

    /// <returns>Whether there may be more.</returns>
    public async Task<bool> DeliveriesAsync(CancellationToken ct)
    {
        var keep = webhooks.Value.KeepDeliveries;
        await using var db = await databases.CreateDbContextAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var ids = await db.WebhookDeliveries.Where(d => d.FinishedAt < DarkroomDb.Now() - keep).OrderBy(d => d.FinishedAt).Take(LogBatch).Select(d => d.Id).ToListAsync(ct);
        await db.WebhookAttempts.Where(a => ids.Contains(a.DeliveryId)).ExecuteDeleteAsync(ct);
        await db.WebhookDeliveries.Where(d => ids.Contains(d.Id)).ExecuteDeleteAsync(ct);
        await transaction.CommitAsync(ct);
        return ids.Count == LogBatch;
    }

    /// <returns>Whether there may be more.</returns>
    public async Task<bool> AuditLogAsync(CancellationToken ct)
    {
        if (options.Value.AuditLog is not { } age)
            return false;
        await using var db = await databases.CreateDbContextAsync(ct);
        return await db.AuditLog.Where(e => e.CreatedAt < DarkroomDb.Now() - age).OrderBy(e => e.CreatedAt).Take(LogBatch).ExecuteDeleteAsync(ct) == LogBatch;
    }

    /// <summary>What nobody asks for again, whatever the options say, and of which there is never much: processes long ended, tickets that Hangfire lost.</summary>
    public async Task LeftoversAsync(CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        await db.Nodes
            .Where(n => n.EndedAt < DarkroomDb.Now() - EndedNodesAge)
            .Where(n => !db.Attempts.Any(a => a.NodeId == n.Id && (a.Status == "dispatched" || a.Status == "received")))
            .ExecuteDeleteAsync(ct);
        // A used ticket expires by itself. One whose queue row was lost, as an abrupt end of Postgres may do, would stay for ever.
        await db.Database.ExecuteSqlAsync($"""
            DELETE FROM hangfire.job AS j
            WHERE expireat IS NULL AND createdat < now() - {LostTicketsAge} AND NOT EXISTS (SELECT FROM hangfire.jobqueue WHERE jobid = j.id)
            """, ct);
    }

    /// <summary>The pictures of these jobs, then their rows. False where the store refused one; its row stays.</summary>
    async Task<bool> PicturesOfAsync(DarkroomDb db, List<FinishedJob> jobs, CancellationToken ct)
    {
        var projects = jobs.ToDictionary(j => j.Id, j => j.ProjectId);
        var images = await db.Images.AsNoTracking().Where(i => projects.Keys.Contains(i.JobId)).ToListAsync(ct);
        foreach (var image in images)
        {
            var key = new ImageKey(projects[image.JobId], image.JobId, image.AttemptId, image.Index, image.Extension);
            if (await store.DeleteAsync(key, ct) is { } failure)
            {
                Log.Refused(logger, key.Path, failure.Message);
                return false;
            }
        }
        await db.Images.Where(i => projects.Keys.Contains(i.JobId)).ExecuteDeleteAsync(ct);
        if (images.Count > 0)
            Log.RemovedPictures(logger, images.Count);
        return true;
    }

    static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Removed {Count} {What} that finished more than {Days:0.##} days ago.")]
        public static partial void Removed(ILogger logger, int count, string what, double days);

        [LoggerMessage(LogLevel.Information, "Removed {Count} pictures whose time was over.")]
        public static partial void RemovedPictures(ILogger logger, int count);

        [LoggerMessage(LogLevel.Warning, "Picture {Key} could not be removed ({Reason}); it is tried again.")]
        public static partial void Refused(ILogger logger, string key, string reason);
    }
}
