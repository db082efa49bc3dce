using System.Globalization;
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
            Now = http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow(),
            Endpoints = await endpoints.ReadAsync(ct),
            NewKey = newKey,
            Objection = Words(refusal),
        })
        { StatusCode = refusal == KeyRefusal.None ? StatusCodes.Status200OK : StatusCodes.Status422UnprocessableEntity };
    }

    static async Task<IResult> AddProjectAsync(HttpContext http, KeyAdministration keys, EndpointReport endpoints, CancellationToken ct)
    {
        var form = await http.Request.ReadFormAsync(ct);
        var (_, refusal) = await keys.AddProjectAsync(form["name"].ToString().Trim(), Actor.Of(http), ct);
        return refusal == KeyRefusal.None ? Back() : await PageAsync(http, keys, endpoints, ct, refusal: refusal);
    }

    /// <summary>Answers with the page itself, not a redirect to it: the key is in this one answer and nowhere else.</summary>
    static async Task<IResult> AddKeyAsync(HttpContext http, KeyAdministration keys, EndpointReport endpoints, CancellationToken ct)
    {
        var form = await http.Request.ReadFormAsync(ct);
        if (!WireId.Project.TryParse(form["project"], out var project))
            return await PageAsync(http, keys, endpoints, ct, refusal: KeyRefusal.NoProject);
        var asked = new NewKey(project, form["name"].ToString().Trim(), [.. form["scope"].OfType<string>().Distinct()])
        {
            ExpiresAt = EndOf(form["last_day"]),
        };
        var (_, key, refusal) = await keys.AddKeyAsync(asked, Actor.Of(http), ct);
        return await PageAsync(http, keys, endpoints, ct, key, refusal);
    }

    static async Task<IResult> RevokeAsync(string id, HttpContext http, KeyAdministration keys, CancellationToken ct)
    {
        if (WireId.Key.TryParse(id, out var key))
            await keys.RevokeAsync(key, Actor.Of(http), ct);
        return Back();
    }

    static async Task<IResult> PauseAsync(string name, HttpContext http, EndpointStates states, CancellationToken ct)
    {
        var form = await http.Request.ReadFormAsync(ct);
        var reason = UntrustedText.Clean(form["reason"].ToString().Trim(), apiKey: "", LongestReason);
        await states.PauseByPersonAsync(name, string.IsNullOrEmpty(reason) ? null : reason, Actor.Of(http), ct);
        return Back();
    }

    static async Task<IResult> ResumeAsync(string name, HttpContext http, EndpointStates states, CancellationToken ct)
    {
        var form = await http.Request.ReadFormAsync(ct);
        await states.ResumeAsync(name, Actor.Of(http), ct);
        return form["return"] == "/" ? TypedResults.LocalRedirect("~/") : Back();
    }

    static RedirectHttpResult Back() => TypedResults.LocalRedirect("~/settings");

    /// <summary>Of the day in UTC that was chosen; what is no day has ended long ago.</summary>
    static DateTimeOffset? EndOf(string? day) => string.IsNullOrEmpty(day) ? null
        : DateOnly.TryParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) && date < DateOnly.MaxValue
            ? new(date.AddDays(1), TimeOnly.MinValue, TimeSpan.Zero)
            : DateTimeOffset.MinValue;

    static string? Words(KeyRefusal refusal) => refusal switch
    {
        KeyRefusal.None => null,
        KeyRefusal.BadName => $"A name has 1 to {NewKey.LongestName} characters on one line.",
        KeyRefusal.NameTaken => "There is a project of this name already.",
        KeyRefusal.NoProject => "Choose the project that the key is for.",
        KeyRefusal.NoScope => "Choose what the key may do.",
        KeyRefusal.Expired => "A key's last day must not be over.",
        _ => $"The key's {refusal.Words().Field} {refusal.Words().Rule}.",
    };
}
