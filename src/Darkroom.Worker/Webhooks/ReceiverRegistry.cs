using System.Text.Json.Nodes;
using Darkroom.Migrations;
using Darkroom.Migrations.Rows;
using Darkroom.Worker.Access;
using Darkroom.Worker.Api;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Webhooks;

/// <summary>What people and programs do with a project's receivers; what deliveries say about them is <see cref="DeliveryLog"/>'s.</summary>
internal sealed class ReceiverRegistry(
    IDbContextFactory<DarkroomDb> databases, WebhookSecrets secrets, IOptions<WebhookOptions> options, TimeProvider clock)
{
    /// <summary>Why a receiver is disabled that a person has disabled.</summary>
    public const string ByPerson = "A person disabled it.";

    /// <param name="url">One that <see cref="Receivers"/> does not refuse.</param>
    /// <returns>The secret too, which is shown this once: only its encrypted form is stored.</returns>
    public async Task<(WebhookEndpoint Receiver, string Secret)> RegisterAsync(Guid projectId, string url, string[] events, Actor by, CancellationToken ct)
    {
        var (secret, shown) = secrets.Create();
        var receiver = new WebhookEndpoint
        {
            Id = Guid.CreateVersion7(),
            ProjectId = projectId,
            Url = url,
            Events = events,
            Secret = secret,
            CreatedAt = clock.GetUtcNow(),
        };
        await using var db = await databases.CreateDbContextAsync(ct);
        db.WebhookEndpoints.Add(receiver);
        await AuditLog.ChangeAsync(
            db, Action(by, "registered", receiver.Id, new() { ["url"] = url, ["events"] = string.Join(',', events) }), () => db.SaveChangesAsync(ct), ct);
        return (receiver, shown);
    }

    public async Task<WebhookEndpoint?> FindAsync(Guid projectId, Guid id, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        return await One(db, projectId, id).AsNoTracking().SingleOrDefaultAsync(ct);
    }

    /// <summary>The secret so far signs too for a while. A second rotation within it ends that.</summary>
    /// <returns>The new secret, shown this once; null where there is no such receiver.</returns>
    public async Task<string?> RotateAsync(Guid projectId, Guid id, Actor by, CancellationToken ct)
    {
        var (secret, shown) = secrets.Create();
        var overlap = options.Value.SecretOverlap;
        await using var db = await databases.CreateDbContextAsync(ct);
        var rotated = await AuditLog.ChangeAsync(db, Action(by, "secret_rotated", id), () => One(db, projectId, id).ExecuteUpdateAsync(set => set
            .SetProperty(e => e.PreviousSecret, e => e.Secret)
            .SetProperty(e => e.PreviousUntil, e => DarkroomDb.Now() + overlap)
            .SetProperty(e => e.Secret, secret), ct), ct);
        return rotated > 0 ? shown : null;
    }

    /// <summary>What failed while it was disabled stays failed until it is recovered.</summary>
    public async Task EnableAsync(Guid projectId, Guid id, Actor by, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        await AuditLog.ChangeAsync(db, Action(by, "enabled", id), () => One(db, projectId, id).ExecuteUpdateAsync(set => set
            .SetProperty(e => e.DisabledAt, (DateTimeOffset?)null)
            .SetProperty(e => e.DisabledReason, (string?)null)
            .SetProperty(e => e.FailingSince, (DateTimeOffset?)null), ct), ct);
    }

    /// <summary>No event is raised for it any more, and what waits for it is given up.</summary>
    public async Task DisableAsync(Guid projectId, Guid id, Actor by, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        await AuditLog.ChangeAsync(db, Action(by, "disabled", id), async () =>
        {
            var disabled = await One(db, projectId, id).Where(e => e.DisabledAt == null).ExecuteUpdateAsync(set => set
                .SetProperty(e => e.DisabledAt, e => DarkroomDb.Now())
                .SetProperty(e => e.DisabledReason, ByPerson), ct);
            if (disabled > 0)
                await DeliveryLog.GiveUpWaitingAsync(db, id, DeliveryLog.Disabled, ct);
            return disabled;
        }, ct);
    }

    public async Task<bool> DeleteAsync(Guid projectId, Guid id, Actor by, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        var url = await One(db, projectId, id).Select(e => e.Url).SingleOrDefaultAsync(ct);
        var action = Action(by, "deleted", id, new() { ["url"] = url });
        return await AuditLog.ChangeAsync(db, action, async () =>
        {
            var deleted = await One(db, projectId, id).ExecuteDeleteAsync(ct);
            if (deleted > 0)
                await DeliveryLog.GiveUpWaitingAsync(db, id, DeliveryLog.Deleted, ct);
            return deleted;
        }, ct) > 0;
    }

    /// <returns>The delivery of an event of the type <see cref="WebhookEvents.Test"/>; null where there is no such receiver.</returns>
    public async Task<WebhookDelivery?> TestAsync(Guid projectId, Guid id, CancellationToken ct)
    {
        if (await FindAsync(projectId, id, ct) is not { } receiver)
            return null;
        var delivery = new WebhookDelivery
        {
            Id = Guid.CreateVersion7(),
            ProjectId = projectId,
            EndpointId = receiver.Id,
            Url = receiver.Url!,
            Receiver = receiver.Id.ToString(),
            Type = WebhookEvents.Test,
            Status = WebhookStatus.Pending,
            DueAt = clock.GetUtcNow(),
            CreatedAt = clock.GetUtcNow(),
        };
        await using var db = await databases.CreateDbContextAsync(ct);
        db.WebhookDeliveries.Add(delivery);
        await db.SaveChangesAsync(ct);
        return delivery;
    }

    static AuditedAction Action(Actor by, string what, Guid id, JsonObject? detail = null) =>
        new(by, $"webhook_endpoint.{what}", WireId.WebhookEndpoint.Format(id), detail);

    static IQueryable<WebhookEndpoint> One(DarkroomDb db, Guid projectId, Guid id) =>
        db.WebhookEndpoints.Where(e => e.Id == id && e.ProjectId == projectId && e.Url != null);
}
