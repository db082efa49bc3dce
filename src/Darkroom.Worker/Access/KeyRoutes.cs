using Darkroom.Client;
using Darkroom.Migrations;
using Darkroom.Worker.Api;
using Microsoft.EntityFrameworkCore;
using Row = Darkroom.Migrations.Rows;

namespace Darkroom.Worker.Access;

/// <summary>API keys of all projects, for administrators. A key is revoked, never deleted: jobs and the audit log name it.</summary>
internal static class KeyRoutes
{
    const string Keys = "/v1/api_keys";

    public static void MapKeys(this IEndpointRouteBuilder routes, string tag)
    {
        routes.MapPost(Keys, CreateAsync).RequireAuthorization(Scopes.Admin)
            .Describe(tag, "Make a key", "For any project. The answer alone shows the key: only its hash is stored.", 400, 413, 415)
            .TakesBody<CreateApiKey>("", """{"name":"nightly catalogue","scopes":["submit","read"],"requests_per_minute":600}""")
            .Produces<ApiKey>(StatusCodes.Status201Created);
        routes.MapGet(Keys, ListAsync).RequireAuthorization(Scopes.Admin)
            .Describe(tag, "List keys", "Newest first, without the keys themselves. Filters are combined.")
            .TakesPage()
            .TakesQuery("project_id", "Only the keys of this project.")
            .TakesQuery("status", "One or more of active, expired and revoked, separated by commas.")
            .Produces<ListPage<ApiKey>>();
        routes.MapGet(Keys + "/{id}", GetAsync).RequireAuthorization(Scopes.Admin)
            .Describe(tag, "Get a key", "Its limits, when it expires and when it was last used; not the key itself.", 404).Produces<ApiKey>();
        routes.MapPost(Keys + "/{id}/revoke", RevokeAsync).RequireAuthorization(Scopes.Admin)
            .Describe(tag, "Revoke a key", "It stops working within a second on every node, and its sessions end. Revoked again, nothing changes.", 404)
            .Produces<ApiKey>();
    }

    static async Task<IResult> CreateAsync(
        HttpContext http, KeyAdministration keys, TimeProvider clock, IDbContextFactory<DarkroomDb> databases, CancellationToken ct)
    {
        var (body, refusal) = await JsonBody.ReadAsync(http.Request, DarkroomJson.Requests.CreateApiKey, "an object with \"name\" and perhaps more", ct);
        if (refusal is not null)
            return refusal;
        var project = http.User.ProjectId();
        var faults = body!.ProjectId is null || WireId.Project.TryParse(body.ProjectId, out project) ? [] : new List<KeyRefusal> { KeyRefusal.NoProject };
        var asked = new NewKey(project, body.Name ?? "", body.Scopes?.Distinct().ToArray() ?? [Scopes.Submit, Scopes.Read])
        {
            ExpiresAt = body.ExpiresAt,
            RequestsPerMinute = body.RequestsPerMinute,
            MaxBodyBytes = body.MaxBodyBytes,
        };
        faults.AddRange(asked.Judge(clock.GetUtcNow()));
        if (faults.Count > 0)
            return ApiError.Invalid([.. faults.Select(fault => FaultOf(fault, body))]);
        var (id, key, refused) = await keys.AddKeyAsync(asked, Actor.Of(http), ct);
        if (refused != KeyRefusal.None)
            return ApiError.Invalid([FaultOf(refused, body)]);
        http.Response.Headers.CacheControl = "no-store";
        await using var db = await databases.CreateDbContextAsync(ct);
        var (row, now) = (await FindAsync(db, id, ct))!.Value;
        return TypedResults.Json(AccessView.Of(row, now, key), DarkroomJson.Answers.ApiKey, statusCode: StatusCodes.Status201Created);
    }

    static Fault FaultOf(KeyRefusal refusal, CreateApiKey body)
    {
        var (field, rule) = refusal.Words();
        return refusal == KeyRefusal.BadName && body.Name is null
            ? new(field, "missing_required_parameter", $"'{field}' is required.")
            : new(field, "invalid_value", $"'{field}' {rule}.");
    }

    static async Task<IResult> ListAsync(HttpContext http, IDbContextFactory<DarkroomDb> databases, CancellationToken ct)
    {
        var query = new QueryReader(http.Request.Query);
        var (limit, after, project) = (query.Limit(), query.Id("after", WireId.Key), query.Id("project_id", WireId.Project));
        var statuses = query.Several("status", KeyStatus.All) ?? KeyStatus.All;
        if (query.Refusal() is { } refusal)
            return refusal;
        await using var db = await databases.CreateDbContextAsync(ct);
        var cursor = after is null ? null : await db.ApiKeys.AsNoTracking().SingleOrDefaultAsync(k => k.Id == after, ct);
        if (after is not null && cursor is null)
            return ApiError.Invalid("after", "'after' is no key.");
        var (active, expired, revoked) = (statuses.Contains(KeyStatus.Active), statuses.Contains(KeyStatus.Expired), statuses.Contains(KeyStatus.Revoked));
        var rows = await db.ApiKeys.AsNoTracking().Where(k => project == null || k.ProjectId == project)
            .Where(k => k.RevokedAt != null ? revoked : k.ExpiresAt <= DarkroomDb.Now() ? expired : active)
            .Where(k => cursor == null || EF.Functions.LessThan(ValueTuple.Create(k.CreatedAt, k.Id), ValueTuple.Create(cursor.CreatedAt, cursor.Id)))
            .OrderByDescending(k => k.CreatedAt).ThenByDescending(k => k.Id).Take(limit + 1)
            .Select(k => new { Row = k, Now = DarkroomDb.Now() }).ToListAsync(ct);
        return TypedResults.Json(Page.Of(rows, limit, k => AccessView.Of(k.Row, k.Now), k => k.Id), DarkroomJson.Answers.ListPageApiKey);
    }

    static async Task<IResult> GetAsync(string id, IDbContextFactory<DarkroomDb> databases, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        return WireId.Key.TryParse(id, out var key) && await FindAsync(db, key, ct) is var (row, now)
            ? TypedResults.Json(AccessView.Of(row, now), DarkroomJson.Answers.ApiKey)
            : ApiError.NotFound($"There is no key '{id}'.");
    }

    static async Task<IResult> RevokeAsync(
        string id, HttpContext http, KeyAdministration keys, IDbContextFactory<DarkroomDb> databases, CancellationToken ct)
    {
        if (WireId.Key.TryParse(id, out var key))
            await keys.RevokeAsync(key, Actor.Of(http), ct);
        return await GetAsync(id, databases, ct);
    }

    static async Task<(Row.ApiKey Row, DateTimeOffset Now)?> FindAsync(DarkroomDb db, Guid id, CancellationToken ct) =>
        await db.ApiKeys.AsNoTracking().Where(k => k.Id == id).Select(k => new { Row = k, Now = DarkroomDb.Now() }).SingleOrDefaultAsync(ct) is { } found
            ? (found.Row, found.Now)
            : null;
}
