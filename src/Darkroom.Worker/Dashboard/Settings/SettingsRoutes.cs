using Darkroom.Worker.Access;
using Darkroom.Worker.Api;
using Darkroom.Worker.Endpoint;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Darkroom.Worker.Dashboard.Settings;

/// <summary>Projects, keys and endpoints, for administrators.</summary>
internal static class SettingsRoutes
{
    const int LongestReason = 500;

    public static void Map(RouteGroupBuilder pages, RouteGroupBuilder changes)
    {
        pages.MapGet("/settings", (HttpContext http, KeyAdministration keys, EndpointReport endpoints, CancellationToken ct) =>
            PageAsync(http, keys, endpoints, ct)).RequireAuthorization(Scopes.DashboardAdmin);
        var admin = changes.MapGroup("/settings").RequireAuthorization(Scopes.DashboardAdmin);
        admin.MapPost("/projects", AddProjectAsync);
        admin.MapPost("/keys", AddKeyAsync);
        admin.MapPost("/keys/{id}/revoke", RevokeAsync);
        admin.MapPost("/endpoints/{name}/pause", PauseAsync);
        admin.MapPost("/endpoints/{name}/resume", ResumeAsync);
    }

    static async Task<IResult> PageAsync(
        HttpContext http, KeyAdministration keys, EndpointReport endpoints, CancellationToken ct, string? newKey = null, KeyRefusal refusal = KeyRefusal.None)
    {
        var (projects, rows) = await keys.ReadAsync(ct);
        return new RazorComponentResult<SettingsPage>(new
        {
            Visitor = Visitor.Of(http),
            Projects = projects,
            Keys = rows,
            Endpoints = await endpoints.ReadAsync(ct),
            NewKey = newKey,
            Objection = Words(refusal),
        })
        { StatusCode = refusal == KeyRefusal.None ? StatusCodes.Status200OK : StatusCodes.Status422UnprocessableEntity };
    }

    static async Task<IResult> AddProjectAsync(HttpContext http, KeyAdministration keys, EndpointReport endpoints, CancellationToken ct)
    {
        var form = await http.Request.ReadFormAsync(ct);
        var refusal = await keys.AddProjectAsync(form["name"].ToString().Trim(), ct);
        return refusal == KeyRefusal.None ? Back() : await PageAsync(http, keys, endpoints, ct, refusal: refusal);
    }

    /// <summary>Answers with the page itself, not a redirect to it: the key is in this one answer and nowhere else.</summary>
    static async Task<IResult> AddKeyAsync(HttpContext http, KeyAdministration keys, EndpointReport endpoints, CancellationToken ct)
    {
        var form = await http.Request.ReadFormAsync(ct);
        if (!WireId.Project.TryParse(form["project"], out var project))
            return await PageAsync(http, keys, endpoints, ct, refusal: KeyRefusal.NoProject);
        var (key, refusal) = await keys.AddKeyAsync(project, form["name"].ToString().Trim(), [.. form["scope"].OfType<string>().Distinct()], ct);
        return await PageAsync(http, keys, endpoints, ct, key, refusal);
    }

    static async Task<IResult> RevokeAsync(string id, KeyAdministration keys, CancellationToken ct)
    {
        if (WireId.Key.TryParse(id, out var key))
            await keys.RevokeAsync(key, ct);
        return Back();
    }

    static async Task<IResult> PauseAsync(string name, HttpContext http, EndpointStates states, CancellationToken ct)
    {
        var form = await http.Request.ReadFormAsync(ct);
        var reason = UntrustedText.Clean(form["reason"].ToString().Trim(), apiKey: "", LongestReason);
        await states.PauseByPersonAsync(name, string.IsNullOrEmpty(reason) ? null : reason, ct);
        return Back();
    }

    static async Task<IResult> ResumeAsync(string name, HttpContext http, EndpointStates states, CancellationToken ct)
    {
        var form = await http.Request.ReadFormAsync(ct);
        await states.ResumeAsync(name, ct);
        return form["return"] == "/" ? TypedResults.LocalRedirect("~/") : Back();
    }

    static RedirectHttpResult Back() => TypedResults.LocalRedirect("~/settings");

    static string? Words(KeyRefusal refusal) => refusal switch
    {
        KeyRefusal.BadName => $"A name has 1 to {KeyAdministration.LongestName} characters on one line.",
        KeyRefusal.NameTaken => "There is a project of this name already.",
        KeyRefusal.NoProject => "Choose the project that the key is for.",
        KeyRefusal.NoScope => "Choose what the key may do.",
        _ => null,
    };
}
