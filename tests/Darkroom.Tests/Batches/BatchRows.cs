using Darkroom.Migrations;
using Darkroom.Migrations.Rows;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Jobs;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Tests.Batches;

/// <summary>Batches and their lines as rows, in whatever state a test begins with.</summary>
internal static class BatchRows
{
    /// <param name="lines">The states of its lines, in the order of its file; the counters say what they are.</param>
    public static async Task<(Batch Batch, List<Job> Lines)> AddBatchAsync(
        this Rows rows, string status, string[] lines, Guid? project = null, TimeSpan? window = null, bool paused = false, bool base64 = false)
    {
        var batch = new Batch
        {
            Id = Guid.CreateVersion7(),
            ProjectId = project ?? rows.Project,
            Status = status,
            InputFileId = Guid.CreateVersion7(),
            CompletionWindow = "24h",
            Model = "gpt-image-1.5",
            Priority = 7,
            MaxAttempts = 5,
            MaxUnknownAttempts = 2,
            OnUnknown = "retry",
            OutputBase64 = base64,
            Total = lines.Length,
            Succeeded = lines.Count(s => s == JobStatus.Succeeded),
            Failed = lines.Count(s => s == JobStatus.Failed),
            Held = lines.Count(s => s == JobStatus.Held),
            Canceled = lines.Count(s => s == JobStatus.Canceled),
            CreatedAt = DateTimeOffset.UtcNow.AddMinutes(-1),
            ExpiresAt = DateTimeOffset.UtcNow + (window ?? TimeSpan.FromDays(1)),
            PausedAt = paused ? DateTimeOffset.UtcNow : null,
        };
        await using var db = rows.CreateDbContext();
        if (!await db.Projects.AnyAsync(p => p.Id == batch.ProjectId))
            db.Projects.Add(new Project { Id = batch.ProjectId, Name = batch.ProjectId.ToString(), CreatedAt = DateTimeOffset.UnixEpoch });
        db.Batches.Add(batch);
        var jobs = lines.Select((line, i) => Line(rows, batch, i, line)).ToList();
        db.Jobs.AddRange(jobs);
        await db.SaveChangesAsync();
        return (batch, jobs);
    }

    static Job Line(Rows rows, Batch batch, int number, string status)
    {
        var job = rows.NewJob(batch.ProjectId, priority: batch.Priority, status: status);
        return new Job
        {
            Id = Guid.CreateVersion7(batch.CreatedAt.AddMilliseconds(number)),
            ProjectId = batch.ProjectId,
            BatchId = batch.Id,
            Lane = batch.Id,
            Endpoint = job.Endpoint,
            CustomId = $"line-{number}",
            Model = job.Model,
            Prompt = $"{job.Prompt} {number}",
            Quality = job.Quality,
            N = job.N,
            Size = job.Size,
            Priority = job.Priority,
            MaxAttempts = job.MaxAttempts,
            MaxUnknownAttempts = job.MaxUnknownAttempts,
            OnUnknown = job.OnUnknown,
            Status = status,
            DueAt = job.DueAt,
            CreatedAt = batch.CreatedAt,
            FinishedAt = status is JobStatus.Queued or JobStatus.Running ? null : batch.CreatedAt,
            ErrorCode = status is JobStatus.Failed or JobStatus.Held ? "moderation_blocked" : null,
            ErrorMessage = status is JobStatus.Failed or JobStatus.Held ? "The endpoint refused." : null,
            ErrorStage = status == JobStatus.Failed ? "status" : null,
            ErrorHttpStatus = status == JobStatus.Failed ? 400 : null,
        };
    }

    public static async Task<Batch> BatchAsync(this Rows rows, Guid id)
    {
        await using var db = rows.CreateDbContext();
        return await db.Batches.AsNoTracking().SingleAsync(b => b.Id == id);
    }

    /// <summary>What became of each line, in the order of the file.</summary>
    public static async Task<List<string>> LinesAsync(this Rows rows, Guid batch)
    {
        await using var db = rows.CreateDbContext();
        return await db.Jobs.Where(j => j.BatchId == batch).OrderBy(j => j.Id).Select(j => j.Status).ToListAsync();
    }

    /// <summary>A line as a claim leaves it.</summary>
    public static async Task<ClaimedJob?> ClaimAsync(this Rows rows, Job job) =>
        await rows.Transitions.ClaimAsync(job.Id, await rows.AdmitAsync(job), Guid.CreateVersion7(), Guid.CreateVersion7(), "here", CancellationToken.None);

    public static AttemptEnding Ending(string status = AttemptStatus.Failed) =>
        new(status) { ErrorCode = "lost", ErrorMessage = "It was lost.", ErrorStage = "call", Counts = true };

    public static JobResult Result(ClaimedJob job) => new(
        new AnswerFacts(200, "req_1", """{"input_tokens": 3,"output_tokens":272,"total_tokens":275}"""),
        DateTimeOffset.UnixEpoch, "png", "low", "1024x1024", Partial: false, Cost: 0.01m,
        [new Image { JobId = job.JobId, AttemptId = job.AttemptId, Index = 0, Extension = "png", ContentType = "image/png", Bytes = 10, Sha256 = new byte[32], Width = 1024, Height = 1024 }]);
}
