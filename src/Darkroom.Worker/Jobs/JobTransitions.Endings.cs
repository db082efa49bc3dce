using Darkroom.Migrations;
using Darkroom.Migrations.Rows;
using Darkroom.Worker.Usage;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Jobs;

/// <summary>How attempts end. Each method locks the job first and the attempt second, so that no two of them can deadlock.</summary>
internal sealed partial class JobTransitions
{
    /// <summary>
    /// Records a good result in one transaction: images, usage, cost, attempt and job. Attempt <c>dispatched</c>, <c>received</c> or
    /// <c>unknown</c> -> <c>succeeded</c> and job <c>queued</c>, <c>running</c>, <c>held</c> or <c>failed</c> -> <c>succeeded</c>; or, where
    /// the job has a result or was cancelled, attempt -> <c>superseded</c> with its usage kept.
    /// </summary>
    public async Task<Recording> SucceedAsync(Guid attemptId, JobResult result, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (await LockAsync(db, attemptId, ct) is not var (job, attempt))
            return Recording.NoSuchAttempt;
        if (attempt.Status is not (AttemptStatus.Dispatched or AttemptStatus.Received or AttemptStatus.Unknown))
            return attempt.Status == AttemptStatus.Succeeded ? Recording.Succeeded : Recording.Superseded;

        var wins = job.Status is JobStatus.Queued or JobStatus.Running or JobStatus.Held or JobStatus.Failed;
        var ending = new AttemptEnding(wins ? AttemptStatus.Succeeded : AttemptStatus.Superseded)
        {
            HttpStatus = result.Answer.HttpStatus,
            RequestId = result.Answer.RequestId,
            Usage = result.Answer.Usage,
            Cost = result.Cost,
        };
        await EndAttemptAsync(db, job, attempt, ending, result, ct);
        if (wins)
        {
            db.Images.AddRange(result.Images);
            await db.SaveChangesAsync(ct);
            await db.Jobs.Where(j => j.Id == job.Id).ExecuteUpdateAsync(set => set
                .SetProperty(j => j.Status, JobStatus.Succeeded)
                .SetProperty(j => j.AdmittedAt, (DateTimeOffset?)null)
                .SetProperty(j => j.AttemptId, attemptId)
                .SetProperty(j => j.ResultCreated, result.Created)
                .SetProperty(j => j.ResultFormat, result.Format)
                .SetProperty(j => j.ResultQuality, result.Quality)
                .SetProperty(j => j.ResultSize, result.Size)
                .SetProperty(j => j.ResultPartial, result.Partial)
                .SetProperty(j => j.Usage, result.Answer.Usage)
                .SetProperty(j => j.FinishedAt, j => DarkroomDb.Now())
                .SetProperty(j => j.ErrorCode, (string?)null)
                .SetProperty(j => j.ErrorMessage, (string?)null)
                .SetProperty(j => j.ErrorStage, (string?)null)
                .SetProperty(j => j.ErrorHttpStatus, (int?)null)
                .SetProperty(j => j.ErrorRequestId, (string?)null), ct);
            await StateChanges.RecordAsync(db, job.Id, job.Status, ct);
        }
        await transaction.CommitAsync(ct);
        return wins ? Recording.Succeeded : Recording.Superseded;
    }

    /// <summary>Attempt -> <paramref name="ending"/>; job <c>running</c> -> <c>queued</c>, due after <paramref name="delay"/>.</summary>
    public Task<Ended> RetryLaterAsync(Guid attemptId, AttemptEnding ending, TimeSpan delay, CancellationToken ct) =>
        EndWithoutResultAsync(attemptId, ending, JobStatus.Queued, delay, ct);

    /// <summary>Attempt -> <paramref name="ending"/>; job <c>running</c> -> <c>failed</c>: a definite no, or the cap is reached.</summary>
    public Task<Ended> FailAsync(Guid attemptId, AttemptEnding ending, CancellationToken ct) =>
        EndWithoutResultAsync(attemptId, ending, JobStatus.Failed, TimeSpan.Zero, ct);

    /// <summary>Attempt -> <paramref name="ending"/>; job <c>running</c> -> <c>held</c>: only a person may buy it again.</summary>
    public Task<Ended> HoldAsync(Guid attemptId, AttemptEnding ending, CancellationToken ct) =>
        EndWithoutResultAsync(attemptId, ending, JobStatus.Held, TimeSpan.Zero, ct);

    async Task<Ended> EndWithoutResultAsync(Guid attemptId, AttemptEnding ending, string next, TimeSpan delay, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (await LockAsync(db, attemptId, ct) is not var (job, attempt))
            return Ended.Nothing;

        // An unknown outcome may still become a known one; a known one stays.
        if (attempt.Status is AttemptStatus.Dispatched or AttemptStatus.Received
            || (attempt.Status == AttemptStatus.Unknown && ending.Status != AttemptStatus.Unknown))
            await EndAttemptAsync(db, job, attempt, ending, answer: null, ct);
        else
            return Ended.Nothing;

        var moved = await db.Jobs.Where(j => j.Id == job.Id && j.Status == JobStatus.Running && j.AttemptId == attemptId)
            .ExecuteUpdateAsync(set => set
                .SetProperty(j => j.Status, next)
                .SetProperty(j => j.DueAt, j => next == JobStatus.Queued ? DarkroomDb.Now() + delay : j.DueAt)
                .SetProperty(j => j.FinishedAt, j => next == JobStatus.Queued ? null : DarkroomDb.Now())
                .SetProperty(j => j.CountedAttempts, j => (short)(j.CountedAttempts + (ending.Counts ? 1 : 0)))
                .SetProperty(j => j.UnknownAttempts, j => (short)(j.UnknownAttempts + (ending.CountsAsUnknown ? 1 : 0)))
                .SetProperty(j => j.ErrorCode, ending.ErrorCode)
                .SetProperty(j => j.ErrorMessage, ending.JobMessage ?? ending.ErrorMessage)
                .SetProperty(j => j.ErrorStage, ending.ErrorStage)
                .SetProperty(j => j.ErrorHttpStatus, ending.HttpStatus)
                .SetProperty(j => j.ErrorRequestId, ending.RequestId), ct);
        if (moved > 0)
            await StateChanges.RecordAsync(db, job.Id, JobStatus.Running, ct);
        await transaction.CommitAsync(ct);
        return moved > 0 ? Ended.AttemptAndJob : Ended.Attempt;
    }

    static async Task EndAttemptAsync(DarkroomDb db, Job job, Attempt attempt, AttemptEnding ending, JobResult? answer, CancellationToken ct)
    {
        await db.Attempts.Where(a => a.Id == attempt.Id).ExecuteUpdateAsync(set => set
            .SetProperty(a => a.Status, ending.Status)
            .SetProperty(a => a.FinishedAt, a => DarkroomDb.Now())
            .SetProperty(a => a.HttpStatus, ending.HttpStatus ?? attempt.HttpStatus)
            .SetProperty(a => a.RequestId, ending.RequestId ?? attempt.RequestId)
            .SetProperty(a => a.Usage, ending.Usage ?? attempt.Usage)
            .SetProperty(a => a.Cost, ending.Cost)
            .SetProperty(a => a.PossibleCost, ending.PossibleCost)
            .SetProperty(a => a.ErrorCode, ending.ErrorCode)
            .SetProperty(a => a.ErrorMessage, ending.ErrorMessage)
            .SetProperty(a => a.ErrorStage, ending.ErrorStage), ct);

        var cost = Difference(attempt.Cost, ending.Cost);
        var possible = Difference(attempt.PossibleCost, ending.PossibleCost);
        await db.Jobs.Where(j => j.Id == job.Id).ExecuteUpdateAsync(set => set
            .SetProperty(j => j.CostAmount, j => cost == null ? j.CostAmount : (j.CostAmount ?? 0) + cost)
            .SetProperty(j => j.CostPossible, j => possible == null ? j.CostPossible : (j.CostPossible ?? 0) + possible), ct);

        db.UsageDeltas.AddRange(UsageLedger.Deltas(job, attempt, ending, answer));
        await db.SaveChangesAsync(ct);
    }

    static decimal? Difference(decimal? before, decimal? after) => before is null && after is null ? null : (after ?? 0) - (before ?? 0);

    static async Task<(Job, Attempt)?> LockAsync(DarkroomDb db, Guid attemptId, CancellationToken ct)
    {
        var job = await db.Jobs.FromSql($"""
            SELECT * FROM darkroom.jobs WHERE id = (SELECT job_id FROM darkroom.attempts WHERE id = {attemptId}) FOR UPDATE
            """).AsNoTracking().SingleOrDefaultAsync(ct);
        return job is null ? null : (job, await db.Attempts.AsNoTracking().SingleAsync(a => a.Id == attemptId, ct));
    }
}

/// <summary>How an attempt ended, for the ledger.</summary>
/// <param name="Status">One of the final <see cref="AttemptStatus"/>, or <c>unknown</c>.</param>
internal sealed record AttemptEnding(string Status)
{
    public int? HttpStatus { get; init; }
    public string? RequestId { get; init; }

    /// <summary>As the endpoint sent it.</summary>
    public string? Usage { get; init; }

    /// <summary>US$; 0 for a definite "not billed", null where usage or price is not known.</summary>
    public decimal? Cost { get; init; }

    /// <summary>US$ it may have cost; for <c>unknown</c> alone.</summary>
    public decimal? PossibleCost { get; init; }
    public string? ErrorCode { get; init; }
    public string? ErrorMessage { get; init; }
    public string? ErrorStage { get; init; }

    /// <summary>What a person is told about the job where that is more than the attempt's own message.</summary>
    public string? JobMessage { get; init; }

    /// <summary>Counts towards <c>max_attempts</c>.</summary>
    public bool Counts { get; init; }

    /// <summary>Counts towards <c>max_unknown_attempts</c>.</summary>
    public bool CountsAsUnknown { get; init; }
}

/// <summary>A good answer with its stored pictures.</summary>
internal sealed record JobResult(
    AnswerFacts Answer, DateTimeOffset? Created, string? Format, string? Quality, string? Size, bool Partial, decimal? Cost,
    IReadOnlyList<Image> Images);

/// <summary>What the end of an attempt without a result has changed.</summary>
internal enum Ended
{
    /// <summary>It had ended before, or is not in this database.</summary>
    Nothing,

    /// <summary>The ledger; the job has moved on (cancelled, or another attempt runs).</summary>
    Attempt,
    AttemptAndJob,
}

internal enum Recording
{
    /// <summary>This attempt is the job's result.</summary>
    Succeeded,

    /// <summary>The job had a result or was cancelled; this attempt's usage is kept.</summary>
    Superseded,

    /// <summary>Not in this database: a spool from elsewhere, or rows removed by retention.</summary>
    NoSuchAttempt,
}
