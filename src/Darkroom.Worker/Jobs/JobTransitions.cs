using Darkroom.Migrations;
using Darkroom.Migrations.Rows;
using Darkroom.Worker.Admission;
using Darkroom.Worker.Observability;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Jobs;

/// <summary>
/// The only writer of job and attempt states. Every transition is conditional: losing a race is a return value, never an exception.
/// Every transition may be repeated after a lost connection: a commit that did go through is recognised, not applied twice.
/// The diagram is in <c>docs/states.md</c>; how attempts end is in the other half of this class.
/// </summary>
internal sealed partial class JobTransitions(IDbContextFactory<DarkroomDb> databases, DarkroomMetrics metrics)
{
    /// <summary>A claim later than this after its admission is refused: the world (pause, cancel, limits) may have moved on.</summary>
    public static readonly TimeSpan TicketLifetime = TimeSpan.FromSeconds(15);

    const string DeadlinePassed =
        "The job's deadline passed before it could be called. Nothing was bought by this wait; retry to run it without a deadline.";

    /// <summary>
    /// <c>queued</c> -> <c>running</c>, with its attempt <c>dispatched</c>. Holds only for the current ticket of a job that may be called
    /// now. Once committed, the call is in the ledger: a crash from here on leaves an attempt that may have been billed.
    /// </summary>
    /// <returns>What to call, or null when the ticket is stale, doubled, late, or the job may not run now.</returns>
    public async Task<ClaimedJob?> ClaimAsync(Guid jobId, int ticket, Guid attemptId, Guid nodeId, string nodeName, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        var claimed = await db.Database.SqlQuery<ClaimedJob>($"""
            WITH claimed AS (
                UPDATE darkroom.jobs AS j
                SET status = 'running', admitted_at = NULL, attempt_id = {attemptId}, attempts = j.attempts + 1,
                    started_at = coalesce(j.started_at, darkroom.now())
                FROM darkroom.endpoints AS e
                WHERE j.id = {jobId} AND j.ticket = {ticket} AND j.status = 'queued'
                  AND j.admitted_at > darkroom.now() - {TicketLifetime}
                  AND (j.deadline IS NULL OR j.deadline > darkroom.now())
                  AND e.name = j.endpoint
                  AND (e.state = 'active' OR e.probe_job_id = j.id)
                  AND (e.hold_until IS NULL OR e.hold_until <= darkroom.now())
                  AND (j.batch_id IS NULL OR EXISTS (
                      SELECT FROM darkroom.batches AS b WHERE b.id = j.batch_id AND b.status = 'in_progress' AND b.paused_at IS NULL AND b.expiring_at IS NULL))
                RETURNING j.*
            ), event AS (
                INSERT INTO darkroom.job_events (job_id, batch_id, status, created_at) SELECT id, batch_id, status, darkroom.now() FROM claimed
            ), attempt AS (
                INSERT INTO darkroom.attempts (id, job_id, number, status, node_id, node_name, endpoint, started_at)
                SELECT {attemptId}, id, attempts, 'dispatched', {nodeId}, {nodeName}, endpoint, darkroom.now() FROM claimed
                RETURNING started_at
            )
            SELECT c.id AS job_id, c.project_id, {attemptId} AS attempt_id, c.attempts AS number, c.due_at, attempt.started_at, c.trace_parent, c.endpoint, c.model, c.prompt, c.quality,
                   c.n, c.size, c.counted_attempts, c.unknown_attempts, c.max_attempts, c.max_unknown_attempts, c.on_unknown
            FROM claimed AS c, attempt
            """).ToListAsync(ct);
        return claimed.SingleOrDefault();
    }

    /// <summary>
    /// Waits for a claim whose connection broke while it was being committed: it holds the job's row until it is committed or not. Without this
    /// its attempt might not be seen yet, and come to be with nobody to run it.
    /// </summary>
    public async Task SettleAsync(Guid jobId, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        await db.Database.ExecuteSqlAsync($"SELECT FROM darkroom.jobs WHERE id = {jobId} FOR UPDATE", ct);
    }

    /// <summary>A ticket that may not be used now: the job stands in the queue again and its rate tokens are given back.</summary>
    public async Task ReturnAsync(Guid jobId, int ticket, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        await db.Database.ExecuteSqlAsync($"""
            WITH held AS (
                SELECT id, endpoint, n, tokens_taken FROM darkroom.jobs
                WHERE id = {jobId} AND ticket = {ticket} AND status = 'queued' AND admitted_at IS NOT NULL FOR UPDATE
            ), returned AS (
                UPDATE darkroom.jobs AS j SET admitted_at = NULL, tokens_taken = 0 FROM held WHERE j.id = held.id
                RETURNING held.endpoint, held.n, held.tokens_taken
            )
            UPDATE darkroom.endpoints AS e
            SET images_balance = images_balance + r.n, tokens_balance = tokens_balance + r.tokens_taken
            FROM returned AS r WHERE e.name = r.endpoint
            """, ct);
    }

    /// <summary>
    /// <c>dispatched</c> -> <c>received</c>: the whole answer is in the spool, fsynced. From here the result is not bought again while
    /// that spool exists. Usage is written now, so that a charge is known even if the spool is lost.
    /// </summary>
    /// <returns>False where the attempt was already taken for unknown; its result is adopted all the same when it is recorded.</returns>
    public async Task<bool> ReceivedAsync(Guid attemptId, AnswerFacts answer, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        return await db.Attempts.Where(a => a.Id == attemptId && a.Status == AttemptStatus.Dispatched).ExecuteUpdateAsync(set => set
            .SetProperty(a => a.Status, AttemptStatus.Received)
            .SetProperty(a => a.ReceivedAt, a => DarkroomDb.Now())
            .SetProperty(a => a.HttpStatus, answer.HttpStatus)
            .SetProperty(a => a.RequestId, answer.RequestId)
            .SetProperty(a => a.Usage, answer.Usage), ct) > 0;
    }

    /// <summary>
    /// <c>dispatched</c> or <c>received</c> -> <c>received</c>, by the node that has its spool now and brings the answer home, however long the
    /// store keeps it waiting: while that node lives, nobody takes the answer for lost.
    /// </summary>
    public async Task AdoptedAsync(Guid attemptId, AnswerFacts answer, Guid nodeId, CancellationToken ct)
    {
        await ReceivedAsync(attemptId, answer, ct);
        await using var db = await databases.CreateDbContextAsync(ct);
        await db.Attempts.Where(a => a.Id == attemptId && a.Status == AttemptStatus.Received).ExecuteUpdateAsync(set => set
            .SetProperty(a => a.NodeId, nodeId)
            .SetProperty(a => a.ReceivedAt, a => DarkroomDb.Now()), ct);
    }

    /// <summary><c>queued</c>, <c>running</c> or <c>held</c> -> <c>canceled</c>, at once; a call in flight is told to abort.</summary>
    /// <returns>The job's state afterwards, or null where the project has no such job.</returns>
    public async Task<PersonsChange?> CancelAsync(Guid projectId, Guid jobId, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (await LockAsync(db, projectId, jobId, ct) is not { } job)
            return null;
        if (job.Status is not (JobStatus.Queued or JobStatus.Running or JobStatus.Held))
            return new PersonsChange(Won: false, job.Status);
        await db.Jobs.Where(j => j.Id == jobId).ExecuteUpdateAsync(set => set
            .SetProperty(j => j.Status, JobStatus.Canceled)
            .SetProperty(j => j.AdmittedAt, (DateTimeOffset?)null)
            .SetProperty(j => j.FinishedAt, j => DarkroomDb.Now()), ct);
        await StateChanges.RecordAsync(db, jobId, job.Status, ct);
        await transaction.CommitAsync(ct);
        metrics.JobsEnded(job.Endpoint, JobStatus.Canceled, 1);
        await db.Database.ExecuteSqlAsync($"SELECT pg_notify({Notices.Canceled}, {jobId.ToString()})", ct);
        return new PersonsChange(Won: true, JobStatus.Canceled);
    }

    /// <summary>
    /// <c>held</c> or <c>failed</c> -> <c>queued</c>, by a person who accepts that it may be bought again; the counters start anew. A batch that
    /// has ended stays as it was: its lines are retried by a new one.
    /// </summary>
    /// <returns>The job's state afterwards, or null where the project has no such job.</returns>
    public async Task<PersonsChange?> RetryAsync(Guid projectId, Guid jobId, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (await LockAsync(db, projectId, jobId, ct) is not { } job)
            return null;
        if (job.Status is not (JobStatus.Held or JobStatus.Failed))
            return new PersonsChange(Won: false, job.Status);
        if (job.BatchId is { } batch && !await IsOpenAsync(db, batch, ct))
            return new PersonsChange(Won: false, job.Status, BatchEnded: true);
        await db.Jobs.Where(j => j.Id == jobId).ExecuteUpdateAsync(set => set
            .SetProperty(j => j.Status, JobStatus.Queued)
            .SetProperty(j => j.DueAt, j => DarkroomDb.Now())
            .SetProperty(j => j.Deadline, j => j.Deadline <= DarkroomDb.Now() ? null : j.Deadline)
            .SetProperty(j => j.CountedAttempts, (short)0)
            .SetProperty(j => j.UnknownAttempts, (short)0)
            .SetProperty(j => j.FinishedAt, (DateTimeOffset?)null)
            .SetProperty(j => j.ErrorCode, (string?)null)
            .SetProperty(j => j.ErrorMessage, (string?)null)
            .SetProperty(j => j.ErrorStage, (string?)null)
            .SetProperty(j => j.ErrorHttpStatus, (int?)null)
            .SetProperty(j => j.ErrorRequestId, (string?)null), ct);
        await StateChanges.RecordAsync(db, jobId, job.Status, ct);
        await transaction.CommitAsync(ct);
        return new PersonsChange(Won: true, JobStatus.Queued);
    }

    static Task<Job?> LockAsync(DarkroomDb db, Guid projectId, Guid jobId, CancellationToken ct) => db.Jobs.FromSql(
        $"SELECT * FROM darkroom.jobs WHERE id = {jobId} AND project_id = {projectId} FOR UPDATE").AsNoTracking().SingleOrDefaultAsync(ct);

    /// <summary>Locked against its end until this transaction is over: a line cannot go back to the queue of a batch that is just ending.</summary>
    static Task<bool> IsOpenAsync(DarkroomDb db, Guid batchId, CancellationToken ct) => db.Batches.FromSql(
        $"SELECT * FROM darkroom.batches WHERE id = {batchId} AND status = 'in_progress' AND expiring_at IS NULL FOR SHARE").AnyAsync(ct);

    /// <summary><c>queued</c> -> <c>failed</c> with <c>deadline_exceeded</c> for every job whose deadline has passed; no call is made.</summary>
    /// <returns>How many jobs were ended, at most <paramref name="atMost"/>.</returns>
    public Task<int> ExpireAsync(int atMost, CancellationToken ct) => EndAsync(JobStatus.Failed, $"""
        UPDATE darkroom.jobs SET status = 'failed', admitted_at = NULL, finished_at = darkroom.now(),
            error_code = 'deadline_exceeded', error_stage = 'queue', error_message = {DeadlinePassed}
        WHERE status = 'queued' AND id IN (
            SELECT id FROM darkroom.jobs WHERE status = 'queued' AND deadline <= darkroom.now() ORDER BY deadline LIMIT {atMost} FOR UPDATE SKIP LOCKED)
        RETURNING id, endpoint, 'queued' AS before
        """, ct);

    /// <summary>Ends many jobs without an attempt, by a statement that returns each with its state before.</summary>
    async Task<int> EndAsync(string status, FormattableString update, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var ended = await db.Database.SqlQuery<EndedJob>(update).ToListAsync(ct);
        if (ended.Count > 0)
            await StateChanges.RecordAsync(db, [.. ended.Select(j => j.Id)], [.. ended.Select(j => j.Before)], ct);
        await transaction.CommitAsync(ct);
        foreach (var of in ended.CountBy(j => j.Endpoint))
            metrics.JobsEnded(of.Key, status, of.Value);
        return ended.Count;
    }

    sealed record EndedJob(Guid Id, string Endpoint, string Before);
}

/// <summary>What a claim hands to the runner.</summary>
internal sealed record ClaimedJob(
    Guid JobId, Guid ProjectId, Guid AttemptId, int Number, DateTimeOffset DueAt, DateTimeOffset StartedAt, string? TraceParent, string Endpoint,
    string Model, string Prompt, string Quality, int N, string Size,
    short CountedAttempts, short UnknownAttempts, short MaxAttempts, short MaxUnknownAttempts, string OnUnknown)
{
    public static ClaimedJob Of(Job job, Attempt attempt) => new(
        job.Id, job.ProjectId, attempt.Id, attempt.Number, job.DueAt, attempt.StartedAt, job.TraceParent, job.Endpoint, job.Model, job.Prompt, job.Quality, job.N, job.Size,
        job.CountedAttempts, job.UnknownAttempts, job.MaxAttempts, job.MaxUnknownAttempts, job.OnUnknown);
}

/// <summary>What is known of an answer apart from its pictures.</summary>
internal sealed record AnswerFacts(int HttpStatus, string? RequestId, string? Usage);

/// <summary>Whether a person's cancel or retry won, and the job's state either way.</summary>
/// <param name="BatchEnded">It did not because the job's batch has ended.</param>
internal sealed record PersonsChange(bool Won, string Status, bool BatchEnded = false);
