using Darkroom.Migrations;
using Darkroom.Migrations.Rows;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Webhooks;

/// <summary>The only writer of a delivery's state. Conditional on its ticket: a lost, late or doubled ticket does nothing.</summary>
internal sealed class DeliveryLog(IDbContextFactory<DarkroomDb> databases, IOptions<WebhookOptions> options)
{
    public const string Disabled = "The receiver is disabled: it is told nothing more.", Deleted = "The receiver was deleted: it is told nothing more.";

    /// <summary>Takes a delivery for one attempt.</summary>
    /// <returns>The delivery under its new ticket, with its receiver where one is registered; null where the ticket is not good any more.</returns>
    public async Task<(WebhookDelivery Delivery, WebhookEndpoint? Endpoint)?> ClaimAsync(Guid id, int ticket, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        var claimed = (await db.WebhookDeliveries.FromSql($"""
            UPDATE darkroom.webhook_deliveries SET ticket = ticket + 1, issued_at = darkroom.now()
            WHERE id = {id} AND ticket = {ticket} AND status = 'pending' AND issued_at IS NOT NULL RETURNING *
            """).AsNoTracking().ToListAsync(ct)).SingleOrDefault();
        if (claimed is null)
            return null;
        return (claimed, claimed.EndpointId is { } endpoint
            ? await db.WebhookEndpoints.AsNoTracking().SingleOrDefaultAsync(e => e.Id == endpoint, ct)
            : null);
    }

    /// <summary>Records an attempt and what follows from it, in one transaction.</summary>
    public async Task RecordAsync(
        WebhookDelivery delivery, string payload, WebhookAttempt attempt, DeliveryOutcome outcome, DeliveryNext next, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var wait = next is DeliveryNext.Again again ? again.Wait : TimeSpan.Zero;
        var status = next switch
        {
            DeliveryNext.Done => WebhookStatus.Succeeded,
            DeliveryNext.Again => WebhookStatus.Pending,
            _ => WebhookStatus.Failed,
        };
        var recorded = await db.WebhookDeliveries.Where(d => d.Id == delivery.Id && d.Ticket == delivery.Ticket).ExecuteUpdateAsync(set => set
            .SetProperty(d => d.Status, status)
            .SetProperty(d => d.Attempts, attempt.Number)
            .SetProperty(d => d.Payload, payload)
            .SetProperty(d => d.Snapshot, (string?)null)
            .SetProperty(d => d.IssuedAt, (DateTimeOffset?)null)
            .SetProperty(d => d.DueAt, d => DarkroomDb.Now() + wait)
            .SetProperty(d => d.FinishedAt, d => status == WebhookStatus.Pending ? null : DarkroomDb.Now())
            .SetProperty(d => d.LastHttpStatus, outcome.HttpStatus)
            .SetProperty(d => d.LastError, outcome.Error), ct);
        if (recorded == 0)
            return;
        db.WebhookAttempts.Add(attempt);
        await db.SaveChangesAsync(ct);
        await RememberAsync(db, delivery.Receiver, attempt, outcome, ct);
        if (delivery.EndpointId is { } endpoint)
            await NoticeAsync(db, endpoint, outcome, ct);
        await transaction.CommitAsync(ct);
    }

    /// <summary>What an attempt says of the next to the same receiver.</summary>
    static Task<int> RememberAsync(DarkroomDb db, string receiver, WebhookAttempt attempt, DeliveryOutcome outcome, CancellationToken ct)
    {
        var slow = DeliveryPolicy.IsSlow(outcome, TimeSpan.FromMilliseconds(attempt.DurationMs));
        return db.Database.ExecuteSqlAsync($"""
            INSERT INTO darkroom.webhook_receivers AS r (receiver, working, slow, not_before)
            VALUES ({receiver}, {outcome.Delivered}, {slow}, darkroom.now() + {DeliveryPolicy.Asked(outcome)}::interval)
            ON CONFLICT (receiver) DO UPDATE
            SET working = excluded.working, slow = excluded.slow, not_before = greatest(r.not_before, excluded.not_before)
            WHERE (r.working, r.slow) <> (excluded.working, excluded.slow) OR excluded.not_before IS NOT NULL
            """, ct);
    }

    /// <summary>What an attempt says about a registered receiver. Disabled, it is told nothing more until a person enables it.</summary>
    async Task NoticeAsync(DarkroomDb db, Guid endpoint, DeliveryOutcome outcome, CancellationToken ct)
    {
        if (outcome.Delivered)
        {
            await db.WebhookEndpoints.Where(e => e.Id == endpoint && e.FailingSince != null)
                .ExecuteUpdateAsync(set => set.SetProperty(e => e.FailingSince, (DateTimeOffset?)null), ct);
            return;
        }
        await db.WebhookEndpoints.Where(e => e.Id == endpoint && e.FailingSince == null)
            .ExecuteUpdateAsync(set => set.SetProperty(e => e.FailingSince, e => DarkroomDb.Now()), ct);
        var after = options.Value.DisableAfter;
        var reason = outcome.Gone
            ? "The receiver answered 410: it wants nothing more."
            : $"Nothing has got through for {after.TotalDays:0.##} days. Last: {outcome.Error}";
        var disabled = await db.WebhookEndpoints
            .Where(e => e.Id == endpoint && e.DisabledAt == null && (outcome.Gone || e.FailingSince <= DarkroomDb.Now() - after))
            .ExecuteUpdateAsync(set => set
                .SetProperty(e => e.DisabledAt, e => DarkroomDb.Now())
                .SetProperty(e => e.DisabledReason, reason), ct);
        if (disabled > 0)
            await GiveUpWaitingAsync(db, endpoint, Disabled, ct);
    }

    /// <summary>
    /// Gives up all that waits for a registered receiver, within the transaction that ends it. What is under way, or raised by a transaction that
    /// still saw the receiver, is given up when its turn comes.
    /// </summary>
    public static Task GiveUpWaitingAsync(DarkroomDb db, Guid endpoint, string why, CancellationToken ct) => db.Database.ExecuteSqlAsync($"""
        UPDATE darkroom.webhook_deliveries AS d SET status = 'failed', finished_at = darkroom.now(), last_http_status = NULL, last_error = {why}
        FROM (
            SELECT id FROM darkroom.webhook_deliveries
            WHERE receiver = {endpoint.ToString()} AND status = 'pending' AND issued_at IS NULL FOR UPDATE SKIP LOCKED
        ) AS waiting WHERE d.id = waiting.id
        """, ct);

    /// <summary>Gives up a claimed delivery unsent: no attempt was made, and nothing is learned of the receiver.</summary>
    public async Task GiveUpAsync(WebhookDelivery delivery, string why, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        await db.WebhookDeliveries.Where(d => d.Id == delivery.Id && d.Ticket == delivery.Ticket).ExecuteUpdateAsync(set => set
            .SetProperty(d => d.Status, WebhookStatus.Failed)
            .SetProperty(d => d.IssuedAt, (DateTimeOffset?)null)
            .SetProperty(d => d.FinishedAt, d => DarkroomDb.Now())
            .SetProperty(d => d.LastHttpStatus, (int?)null)
            .SetProperty(d => d.LastError, why), ct);
    }

    /// <summary>Another round for one delivery, whatever became of it, as the same event under the same id.</summary>
    public async Task<bool> ResendAsync(Guid projectId, Guid id, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        return await AgainAsync(db.WebhookDeliveries.Where(d => d.ProjectId == projectId && d.Id == id), ct) > 0;
    }

    /// <summary>Another round for everything that failed since a time, and at most one endpoint's.</summary>
    public async Task<int> RecoverAsync(Guid projectId, Guid? endpoint, DateTimeOffset since, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        return await AgainAsync(
            db.WebhookDeliveries.Where(d => d.ProjectId == projectId && d.Status == WebhookStatus.Failed && d.CreatedAt >= since
                && (endpoint == null || d.EndpointId == endpoint)), ct);
    }

    static Task<int> AgainAsync(IQueryable<WebhookDelivery> deliveries, CancellationToken ct) =>
        deliveries.Where(d => d.IssuedAt == null).ExecuteUpdateAsync(set => set
            .SetProperty(d => d.Status, WebhookStatus.Pending)
            .SetProperty(d => d.RoundFrom, d => d.Attempts)
            .SetProperty(d => d.DueAt, d => DarkroomDb.Now())
            .SetProperty(d => d.FinishedAt, (DateTimeOffset?)null), ct);
}
