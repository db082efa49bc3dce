using Darkroom.Client;
using Darkroom.Migrations;
using Darkroom.Worker.Api;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Access;

/// <summary>Projects, for administrators. They are never deleted: their usage stays in the books.</summary>
internal static class ProjectRoutes
{
    public static void MapProjects(this IEndpointRouteBuilder routes, string tag)
    {
        routes.MapPost("/v1/projects", CreateAsync).RequireAuthorization(Scopes.Admin)
            .Describe(tag, "Make a project", "It sees its own jobs, files and webhooks, and admission serves projects in turn.", 400, 409, 413, 415)
            .TakesBody<CreateProject>("", """{"name":"marketing"}""")
            .Produces<Project>(StatusCodes.Status201Created);
        routes.MapGet("/v1/projects", ListAsync).RequireAuthorization(Scopes.Admin)
            .Describe(tag, "List projects", "All of them, newest first.").TakesPage().Produces<ListPage<Project>>();
        routes.MapGet("/v1/projects/{id}", GetAsync).RequireAuthorization(Scopes.Admin)
            .Describe(tag, "Get a project", "By its id.", 404).Produces<Project>();
    }

    static async Task<IResult> CreateAsync(HttpContext http, KeyAdministration keys, IDbContextFactory<DarkroomDb> databases, CancellationToken ct)
    {
        var (body, refusal) = await JsonBody.ReadAsync(http.Request, DarkroomJson.Requests.CreateProject, "an object with \"name\"", ct);
        if (refusal is not null)
            return refusal;
        if (body!.Name is null)
            return ApiError.Invalid("name", "'name' is required.", "missing_required_parameter");
        var (id, refused) = await keys.AddProjectAsync(body.Name, Actor.Of(http), ct);
        if (refused == KeyRefusal.NameTaken)
            return ApiError.Conflict("name_taken", "There is a project of this name already.");
        if (refused != KeyRefusal.None)
            return ApiError.Invalid("name", $"'name' {refused.Words().Rule}.");
        await using var db = await databases.CreateDbContextAsync(ct);
        return TypedResults.Json(
            AccessView.Of(await db.Projects.AsNoTracking().SingleAsync(p => p.Id == id, ct)), DarkroomJson.Answers.Project,
            statusCode: StatusCodes.Status201Created);
    }

    static async Task<IResult> ListAsync(HttpContext http, IDbContextFactory<DarkroomDb> databases, CancellationToken ct)
    {
        var query = new QueryReader(http.Request.Query);
        var (limit, after) = (query.Limit(), query.Id("after", WireId.Project));
        if (query.Refusal() is { } refusal)
            return refusal;
        await using var db = await databases.CreateDbContextAsync(ct);
        var cursor = after is null ? null : await db.Projects.AsNoTracking().SingleOrDefaultAsync(p => p.Id == after, ct);
        if (after is not null && cursor is null)
            return ApiError.Invalid("after", "'after' is no project.");
        var rows = await db.Projects.AsNoTracking()
            .Where(p => cursor == null || EF.Functions.LessThan(ValueTuple.Create(p.CreatedAt, p.Id), ValueTuple.Create(cursor.CreatedAt, cursor.Id)))
            .OrderByDescending(p => p.CreatedAt).ThenByDescending(p => p.Id).Take(limit + 1).ToListAsync(ct);
        return TypedResults.Json(Page.Of(rows, limit, AccessView.Of, p => p.Id), DarkroomJson.Answers.ListPageProject);
    }

    static async Task<IResult> GetAsync(string id, IDbContextFactory<DarkroomDb> databases, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        return WireId.Project.TryParse(id, out var project) && await db.Projects.AsNoTracking().SingleOrDefaultAsync(p => p.Id == project, ct) is { } row
            ? TypedResults.Json(AccessView.Of(row), DarkroomJson.Answers.Project)
            : ApiError.NotFound($"There is no project '{id}'.");
    }
}
