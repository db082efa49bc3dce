using Darkroom.Client;
using Darkroom.Migrations;
using Darkroom.Worker.Api;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Access;

/// <summary>The audit log, of all projects, for administrators. Nothing changes an entry; retention removes old ones where so configured.</summary>
internal static class AuditRoutes
{
    public static void MapAuditLog(this IEndpointRouteBuilder routes, string tag) => routes.MapGet("/v1/audit_log", ListAsync)
        .RequireAuthorization(Scopes.Admin)
        .Describe(tag, "Read the audit log", "Who administered what, newest first. Filters are combined.")
        .TakesPage()
        .TakesQuery("action", "Only this action, such as api_key.created.")
        .TakesQuery("target", "Only what was done to this id or name.")
        .TakesQuery("key_id", "Only what this key did.")
        .TakesQuery("project_id", "Only what keys of this project did.")
        .TakesQuery("created_after", "Only entries after this moment: RFC 3339, or Unix seconds.")
        .TakesQuery("created_before", "Only entries before this moment: RFC 3339, or Unix seconds.")
        .Produces<ListPage<AuditEntry>>();

    static async Task<IResult> ListAsync(HttpContext http, IDbContextFactory<DarkroomDb> databases, CancellationToken ct)
    {
        var query = new QueryReader(http.Request.Query);
        var (limit, after, action, target) = (query.Limit(), query.Id("after", WireId.Audit), query.Text("action"), query.Text("target"));
        var (key, project) = (query.Id("key_id", WireId.Key), query.Id("project_id", WireId.Project));
        var (from, to) = (query.Time("created_after"), query.Time("created_before"));
        if (query.Refusal() is { } refusal)
            return refusal;
        await using var db = await databases.CreateDbContextAsync(ct);
        var cursor = after is null ? null : await db.AuditLog.AsNoTracking().SingleOrDefaultAsync(e => e.Id == after, ct);
        if (after is not null && cursor is null)
            return ApiError.Invalid("after", "'after' is no entry.");
        var rows = await db.AuditLog.AsNoTracking()
            .Where(e => (action == null || e.Action == action) && (target == null || e.Target == target))
            .Where(e => (key == null || e.KeyId == key) && (project == null || e.ProjectId == project))
            .Where(e => (from == null || e.CreatedAt > from) && (to == null || e.CreatedAt < to))
            .Where(e => cursor == null || EF.Functions.LessThan(ValueTuple.Create(e.CreatedAt, e.Id), ValueTuple.Create(cursor.CreatedAt, cursor.Id)))
            .OrderByDescending(e => e.CreatedAt).ThenByDescending(e => e.Id).Take(limit + 1).ToListAsync(ct);
        return TypedResults.Json(Page.Of(rows, limit, AccessView.Of, e => e.Id), DarkroomJson.Answers.ListPageAuditEntry);
    }
}
