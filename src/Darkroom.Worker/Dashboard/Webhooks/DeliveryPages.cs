using Darkroom.Migrations;
using Darkroom.Migrations.Rows;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Dashboard.Webhooks;

/// <summary>One delivery as lists show it: without its payload, which may be long.</summary>
public sealed record DeliveryLine(
    Guid Id, string Url, string Type, Guid? JobId, Guid? BatchId, string Status, int Attempts, DateTimeOffset DueAt, DateTimeOffset CreatedAt, int? LastHttpStatus,
    string? LastError);

/// <summary>Some deliveries, newest first, and where to go on.</summary>
/// <param name="More">The delivery behind which the next page begins; null at the end.</param>
/// <param name="LookedUntil">Set where looking stopped before the page was full: older deliveries were not looked at yet.</param>
public sealed record DeliveryPage(IReadOnlyList<DeliveryLine> Rows, Guid? More, DateTimeOffset? LookedUntil);

/// <summary>
/// Reads pages of the delivery log in a time that does not grow with the table. A job's deliveries come from an index, the others in their
/// order; status, receiver and type are looked for among a bounded number of deliveries at a time.
/// </summary>
internal static class DeliveryPages
{
    public const int PageSize = 50;

    /// <summary>Deliveries looked at for one page: some 50 ms.</summary>
    const int Window = 20_000;

    public static async Task<DeliveryPage> ReadAsync(DarkroomDb db, Guid projectId, DeliveriesQuery query, int size, CancellationToken ct)
    {
        var deliveries = db.WebhookDeliveries.AsNoTracking().Where(d => d.ProjectId == projectId);
        if (query.After is { } after && await deliveries.Where(d => d.Id == after).Select(d => new { d.CreatedAt, d.Id }).SingleOrDefaultAsync(ct) is { } cursor)
            deliveries = deliveries.Where(d => EF.Functions.LessThan(ValueTuple.Create(d.CreatedAt, d.Id), ValueTuple.Create(cursor.CreatedAt, cursor.Id)));
        if (query.Job is { } job)
            deliveries = deliveries.Where(d => d.JobId == job);

        var narrowed = First(deliveries, Window);
        if (query.Statuses is not [])
            narrowed = narrowed.Where(d => query.Statuses.Contains(d.Status));
        if (query.Type is { } type)
            narrowed = narrowed.Where(d => d.Type == type);
        if (query.Receiver is { } receiver)
            narrowed = receiver == DeliveriesQuery.OwnUrls ? narrowed.Where(d => d.EndpointId == null) : narrowed.Where(d => d.EndpointId == receiver);
        var found = await First(narrowed, size + 1).Select(Line).ToListAsync(ct);
        if (found.Count > size)
            return new DeliveryPage(found[..size], found[size - 1].Id, null);
        var last = await First(deliveries, Window).Skip(Window - 1).Take(1).Select(Line).SingleOrDefaultAsync(ct);
        return new DeliveryPage(found, last?.Id, last?.CreatedAt);
    }

    static IQueryable<WebhookDelivery> First(IQueryable<WebhookDelivery> deliveries, int count) =>
        deliveries.OrderByDescending(d => d.CreatedAt).ThenByDescending(d => d.Id).Take(count);

    static readonly System.Linq.Expressions.Expression<Func<WebhookDelivery, DeliveryLine>> Line = d => new DeliveryLine(
        d.Id, d.Url, d.Type, d.JobId, d.BatchId, d.Status, d.Attempts, d.DueAt, d.CreatedAt, d.LastHttpStatus, d.LastError);
}
