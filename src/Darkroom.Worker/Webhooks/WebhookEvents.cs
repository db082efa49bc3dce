using Darkroom.Migrations;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Webhooks;

/// <summary>
/// Who is told of what. Called within the transaction of the transition that raises the event: no event without its state, no state
/// without its event, whatever crashes.
/// </summary>
internal static class WebhookEvents
{
    public static readonly string[] OfJobs = ["job.succeeded", "job.failed", "job.held", "job.canceled"];

    public static readonly string[] All = [.. OfJobs, "batch.completed", "batch.failed", "batch.expired", "batch.cancelled"];

    /// <summary>Told of by <c>POST /v1/webhook_endpoints/{id}/test</c> alone.</summary>
    public const string Test = "webhook.test";

    /// <summary>A host has at most 255 characters. Whatever else stands there must still fit the index, or its job could not end.</summary>
    const int LongestOrigin = 300;

    /// <summary>
    /// One delivery for each receiver that wants to know what these jobs have become. Their rows are kept as they are now: by the time
    /// the payload is made of them they may have moved on.
    /// </summary>
    public static Task RaiseAsync(DarkroomDb db, Guid[] jobs, CancellationToken ct) => db.Database.ExecuteSqlAsync($"""
        INSERT INTO darkroom.webhook_deliveries
            (id, project_id, endpoint_id, url, receiver, type, job_id, trace_parent, snapshot, status, attempts, ticket, due_at, created_at)
        SELECT gen_random_uuid(), j.project_id, r.endpoint_id, r.url,
            coalesce(r.endpoint_id::text, j.project_id || ' ' || lower(left(coalesce(substring(r.url FROM '^[^:]+://[^/?#]+'), r.url), {LongestOrigin}))),
            'job.' || j.status, j.id, j.trace_parent,
            json_build_object('job', to_json(j), 'images', coalesce(
                (SELECT json_agg(to_json(i) ORDER BY i.index) FROM darkroom.images AS i WHERE i.job_id = j.id), '[]')),
            'pending', 0, 0, darkroom.now(), darkroom.now()
        FROM darkroom.jobs AS j CROSS JOIN LATERAL (
            SELECT NULL::uuid AS endpoint_id, j.webhook_url AS url
            WHERE j.webhook_url IS NOT NULL AND (j.webhook_events IS NULL OR 'job.' || j.status = ANY (j.webhook_events))
            UNION ALL
            SELECT e.id, e.url FROM darkroom.webhook_endpoints AS e
            WHERE e.project_id = j.project_id AND e.url IS NOT NULL AND e.disabled_at IS NULL AND 'job.' || j.status = ANY (e.events)
        ) AS r
        WHERE j.id = ANY ({jobs}) AND j.status IN ('succeeded', 'failed', 'held', 'canceled')
        """, ct);

    /// <summary>One delivery for each receiver that wants to know how this batch has ended, its own URL first. It stays as it is, so that no copy is kept.</summary>
    public static Task RaiseOfBatchAsync(DarkroomDb db, Guid batch, CancellationToken ct) => db.Database.ExecuteSqlAsync($"""
        INSERT INTO darkroom.webhook_deliveries (id, project_id, endpoint_id, url, receiver, type, batch_id, status, attempts, ticket, due_at, created_at)
        SELECT gen_random_uuid(), b.project_id, r.endpoint_id, r.url,
            coalesce(r.endpoint_id::text, b.project_id || ' ' || lower(left(coalesce(substring(r.url FROM '^[^:]+://[^/?#]+'), r.url), {LongestOrigin}))),
            'batch.' || b.status, b.id, 'pending', 0, 0, darkroom.now(), darkroom.now()
        FROM darkroom.batches AS b CROSS JOIN LATERAL (
            SELECT NULL::uuid AS endpoint_id, b.webhook_url AS url WHERE b.webhook_url IS NOT NULL
            UNION ALL
            SELECT e.id, e.url FROM darkroom.webhook_endpoints AS e
            WHERE e.project_id = b.project_id AND e.url IS NOT NULL AND e.disabled_at IS NULL AND 'batch.' || b.status = ANY (e.events)
        ) AS r
        WHERE b.id = {batch} AND b.status IN ('completed', 'failed', 'expired', 'cancelled')
        """, ct);
}
