using Darkroom.Migrations;
using Darkroom.Migrations.Rows;
using Darkroom.Worker.Webhooks;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Darkroom.Worker.Batches;

/// <summary>From a file to jobs. A node claims a batch whose lines are not read; if it dies, another begins anew when the claim runs out.</summary>
internal sealed partial class BatchTransitions
{
    /// <summary>The oldest <c>validating</c> batch that nobody is reading; it stays <c>validating</c>.</summary>
    public async Task<Batch?> ClaimUnreadAsync(CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        return (await db.Batches.FromSql($"""
            UPDATE darkroom.batches SET claimed_until = darkroom.now() + {ClaimTime} WHERE id = (
                SELECT id FROM darkroom.batches WHERE status = 'validating' AND (claimed_until IS NULL OR claimed_until <= darkroom.now())
                ORDER BY created_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
            RETURNING *
            """).AsNoTracking().ToListAsync(ct)).SingleOrDefault();
    }

    /// <summary>Keeps a claim while its lines are being read.</summary>
    /// <param name="until">The claim as it was last answered; another's is never moved.</param>
    /// <returns>The claim as it is now; null where it is lost: another took it over, or the batch was cancelled.</returns>
    public async Task<DateTimeOffset?> RenewReadingAsync(Guid id, DateTimeOffset until, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        return (await db.Database.SqlQuery<DateTimeOffset?>($"""
            UPDATE darkroom.batches SET claimed_until = darkroom.now() + {ClaimTime}
            WHERE id = {id} AND status = 'validating' AND claimed_until = {until} RETURNING claimed_until AS "Value"
            """).ToListAsync(ct)).SingleOrDefault();
    }

    /// <summary><c>validating</c> -> <c>failed</c>: something is wrong with the file, and nothing of it was queued.</summary>
    /// <param name="errors">JSON.</param>
    /// <returns>False where the batch is no longer <c>validating</c>.</returns>
    public async Task<bool> FailAsync(Guid id, string errors, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var failed = await db.Database.ExecuteSqlAsync($"""
            UPDATE darkroom.batches SET status = 'failed', failed_at = darkroom.now(), errors = {errors}::json, paused_at = NULL, claimed_until = NULL
            WHERE id = {id} AND status = 'validating'
            """, ct) > 0;
        if (failed)
            await WebhookEvents.RaiseOfBatchAsync(db, id, ct);
        await transaction.CommitAsync(ct);
        return failed;
    }

    /// <summary>
    /// <c>validating</c> -> <c>in_progress</c>, with all its lines, in one transaction: a batch has all of its jobs or none. Of two nodes at it,
    /// one of which was taken for dead, the first to commit wins, and the other's rows were never there.
    /// </summary>
    /// <param name="write">Writes the lines; answers how many.</param>
    /// <returns>False where the batch is no longer <c>validating</c>.</returns>
    public async Task<bool> StartAsync(Guid id, ReadLines lines, Func<NpgsqlConnection, DateTimeOffset, Task<int>> write, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var now = (await db.Database.SqlQuery<DateTimeOffset>($"""SELECT darkroom.now() AS "Value" """).ToListAsync(ct)).Single();
        var total = await write((NpgsqlConnection)db.Database.GetDbConnection(), now);
        var started = await db.Database.ExecuteSqlAsync($"""
            UPDATE darkroom.batches SET status = 'in_progress', in_progress_at = darkroom.now(), total = {total}, model = {lines.Model}::text,
                skipped_lines = {lines.Skipped}, errors = {lines.Errors}::json, claimed_until = NULL
            WHERE id = {id} AND status = 'validating'
            """, ct) > 0;
        if (started)
            await transaction.CommitAsync(ct);
        return started;
    }
}

/// <summary>What the lines of a file are like.</summary>
/// <param name="Kinds">Those that became, or would become, jobs.</param>
/// <param name="Skipped">How many are wrong.</param>
/// <param name="Errors">JSON, the first thousand; null where there are none.</param>
internal sealed record ReadLines(IReadOnlyList<KindOfLines> Kinds, int Skipped, string? Errors)
{
    public int Good => Kinds.Sum(k => k.Lines);

    /// <summary>Of all good ones; null where they name several.</summary>
    public string? Model => Kinds.Select(k => k.Model).Distinct().ToList() is [var only] ? only : null;
}

/// <summary>How many lines are for a model at an endpoint.</summary>
internal sealed record KindOfLines(string Endpoint, string Model, int Lines);
