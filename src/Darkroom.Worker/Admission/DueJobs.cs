using Darkroom.Migrations;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Admission;

/// <summary>
/// The pick: which due jobs come next at an endpoint. By priority, then in turns between projects, then by due time. It hops from lane to
/// lane through the partial index, so that neither a million later jobs nor a lane that may not run costs anything.
/// </summary>
internal static class DueJobs
{
    public static Task<List<DueJob>> PickAsync(DarkroomDb db, string endpoint, int atMost, Guid? excluded, CancellationToken ct) =>
        db.Database.SqlQuery<DueJob>(Query(endpoint, atMost, excluded ?? Guid.Empty)).ToListAsync(ct);

    internal static FormattableString Query(string endpoint, int atMost, Guid excluded) => $"""
        WITH RECURSIVE lanes AS (
            (SELECT priority, lane FROM darkroom.jobs
             WHERE endpoint = {endpoint} AND status = 'queued' AND admitted_at IS NULL
             ORDER BY priority, lane LIMIT 1)
            UNION ALL
            SELECT next.priority, next.lane FROM lanes CROSS JOIN LATERAL (
                SELECT priority, lane FROM darkroom.jobs
                WHERE endpoint = {endpoint} AND status = 'queued' AND admitted_at IS NULL AND (priority, lane) > (lanes.priority, lanes.lane)
                ORDER BY priority, lane LIMIT 1) AS next
        ), heads AS (
            SELECT head.*, row_number() OVER (PARTITION BY head.priority, head.project_id ORDER BY head.due_at, head.id) AS turn
            FROM lanes CROSS JOIN LATERAL (
                SELECT id, project_id, priority, due_at, model, quality, size, n, octet_length(prompt) AS prompt_chars FROM darkroom.jobs
                WHERE endpoint = {endpoint} AND status = 'queued' AND admitted_at IS NULL
                  AND priority = lanes.priority AND lane = lanes.lane AND due_at <= darkroom.now() AND id <> {excluded}
                ORDER BY due_at, id LIMIT {atMost}) AS head
            WHERE NOT EXISTS (SELECT FROM darkroom.batches AS b WHERE b.id = lanes.lane AND (b.paused_at IS NOT NULL OR b.expiring_at IS NOT NULL OR b.status <> 'in_progress'))
        )
        SELECT heads.id, heads.model, heads.quality, heads.size, heads.n, heads.prompt_chars
        FROM heads LEFT JOIN darkroom.projects AS p ON p.id = heads.project_id
        ORDER BY heads.priority, heads.turn, p.last_turn, heads.due_at, heads.id
        LIMIT {atMost}
        """;
}

internal sealed record DueJob(Guid Id, string Model, string Quality, string Size, int N, int PromptChars);
