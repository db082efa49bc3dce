using Darkroom.Migrations;
using Darkroom.Worker.Access;
using Darkroom.Worker.Admission;
using Darkroom.Worker.Api;
using Darkroom.Worker.Endpoint;
using Darkroom.Worker.Jobs;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Dashboard.Jobs;

/// <summary>The list of jobs, one job, its pictures, and what people may do about them.</summary>
internal static class JobsRoutes
{
    public static void Map(RouteGroupBuilder pages, RouteGroupBuilder changes)
    {
        pages.MapGet("/jobs", ListAsync);
        pages.MapGet("/jobs/{id}", ShowAsync);
        pages.MapGet("/jobs/{id}/images/{index:int}", (string id, int index, HttpContext http, JobImages images, CancellationToken ct) =>
            images.SendAsync(http, id, index, ct));
        pages.MapGet("/jobs/{id}/thumbnails/{index:int}", ThumbnailAsync);
        changes.MapPost("/jobs/{id}/cancel", CancelAsync).RequireAuthorization(Changing);
        changes.MapPost("/jobs/{id}/retry", RetryAsync).RequireAuthorization(Changing);
        changes.MapPost("/jobs/bulk", BeginBulkAsync).RequireAuthorization(Changing);
        changes.MapPost("/jobs/bulk/{id:guid}/stop", StopBulkAsync).RequireAuthorization(Changing);
    }

    const string Changing = Scopes.DashboardChanges;

    /// <summary>Keys offered to filter by, the newest.</summary>
    const int MostKeys = 200;

    static async Task<IResult> ListAsync(
        HttpContext http, IDbContextFactory<DarkroomDb> databases, IOptions<EndpointSettings> settings, CancellationToken ct)
    {
        var query = JobsQuery.Parse(http.Request.Query);
        await using var db = await databases.CreateDbContextAsync(ct);
        var project = http.User.ProjectId();
        var page = await JobPages.ReadAsync(db, project, query, JobPages.PageSize, ct);
        return new RazorComponentResult<JobsPage>(new
        {
            Visitor = Visitor.Of(http),
            Query = query,
            Page = page,
            Models = settings.Value.Models.Select(m => m.Name).ToArray(),
            Keys = await db.ApiKeys.Where(k => k.ProjectId == project).OrderByDescending(k => k.CreatedAt).Take(MostKeys).ToDictionaryAsync(k => k.Id, k => k.Name, ct),
        });
    }

    static async Task<IResult> ShowAsync(string id, HttpContext http, IDbContextFactory<DarkroomDb> databases, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        var project = http.User.ProjectId();
        return WireId.Job.TryParse(id, out var jobId) && await db.Jobs.AnyAsync(j => j.Id == jobId && j.ProjectId == project, ct)
            ? new RazorComponentResult<JobDetailPage>(new { Visitor = Visitor.Of(http), JobId = jobId, Lost = Notice(http) })
            : NotFound(http);
    }

    /// <summary>After a change that lost its race: said in words, once.</summary>
    static string? Notice(HttpContext http) => http.Request.Query["lost"].ToString() switch
    {
        "cancel" => "The job had already ended, so there was nothing to cancel.",
        "retry" => "The job is not failed or held any more, so it was not retried.",
        _ => null,
    };

    static RazorComponentResult<MissingPage> NotFound(HttpContext http) => new(new
    {
        Visitor = Visitor.Of(http),
        What = "There is no such job in your project",
        Hint = "It may belong to another project, or was removed when its time was over.",
    })
    { StatusCode = StatusCodes.Status404NotFound };

    static async Task<IResult> ThumbnailAsync(string id, int index, HttpContext http, Thumbnails thumbnails, CancellationToken ct)
    {
        if (!WireId.Job.TryParse(id, out var jobId) || await thumbnails.GetAsync(http.User.ProjectId(), jobId, index, ct) is not { } bytes)
            return TypedResults.NotFound();
        http.Response.Headers.CacheControl = "private, max-age=86400";
        return TypedResults.Bytes(bytes, "image/webp");
    }

    static async Task<IResult> CancelAsync(string id, HttpContext http, JobTransitions transitions, CancellationToken ct) =>
        !WireId.Job.TryParse(id, out var jobId) || await transitions.CancelAsync(http.User.ProjectId(), jobId, ct) is not { } change
            ? NotFound(http)
            : TypedResults.LocalRedirect($"~/jobs/{id}{(change.Won ? "" : "?lost=cancel")}");

    static async Task<IResult> RetryAsync(string id, HttpContext http, JobTransitions transitions, WorkSignal work, CancellationToken ct)
    {
        if (!WireId.Job.TryParse(id, out var jobId) || await transitions.RetryAsync(http.User.ProjectId(), jobId, ct) is not { } change)
            return NotFound(http);
        work.Raise();
        return TypedResults.LocalRedirect($"~/jobs/{id}{(change.Won ? "" : "?lost=retry")}");
    }

    static async Task<IResult> BeginBulkAsync(HttpContext http, BulkActions actions, CancellationToken ct)
    {
        var form = await http.Request.ReadFormAsync(ct);
        var (kind, query) = (form["kind"].ToString(), JobsQuery.Parse(form["filter"].ToString()));
        // A field that means nothing filters nothing: on a page that is a remark, here it would cancel more than was meant.
        if (!BulkActions.Applies(kind, query) || query.Objections is not [])
            return TypedResults.BadRequest();
        await actions.BeginAsync(http.User.ProjectId(), kind, query, Actor.Of(http), ct);
        return TypedResults.LocalRedirect($"~/jobs{query}");
    }

    static async Task<IResult> StopBulkAsync(Guid id, HttpContext http, BulkActions actions, CancellationToken ct)
    {
        await actions.StopAsync(http.User.ProjectId(), id, Actor.Of(http), ct);
        return TypedResults.LocalRedirect("~/jobs");
    }
}
