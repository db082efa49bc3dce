using System.Text.Json;
using Darkroom.Client;
using Darkroom.Worker.Access;
using Darkroom.Worker.Api;
using Darkroom.Worker.Submission;

namespace Darkroom.Worker.Endpoint;

/// <summary>Endpoints serve all projects: reading them takes any reader's key, stopping them an administrator's.</summary>
internal static class EndpointRoutes
{
    const int MaxReasonChars = 500;

    public static void MapEndpointRoutes(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/endpoints", ListAsync).RequireAuthorization(Scopes.Read)
            .Describe("Endpoints", "List endpoints",
                "Each configured image endpoint: whether calls go there now, why not, and at what pace.")
            .TakesPage()
            .Produces<ListPage<EndpointStatus>>();
        routes.MapPost("/v1/endpoints/{name}/pause", PauseAsync).RequireAuthorization(Scopes.Admin)
            .Describe("Endpoints", "Pause an endpoint",
                "Jobs wait until it is resumed; calls in flight finish. Paused again, nothing changes.", 400, 404)
            .TakesBody<PauseEndpoint>("May be left out.", required: false)
            .Produces<EndpointStatus>();
        routes.MapPost("/v1/endpoints/{name}/resume", ResumeAsync).RequireAuthorization(Scopes.Admin)
            .Describe("Endpoints", "Resume an endpoint",
                "At once, whatever stopped it: a person, a refused key, an empty account, a hold-back.", 404)
            .Produces<EndpointStatus>();
    }

    static async Task<IResult> ListAsync(HttpContext http, EndpointReport report, CancellationToken ct)
    {
        var query = new QueryReader(http.Request.Query);
        var (limit, after) = (query.Limit(), query.Text("after"));
        var endpoints = await report.ReadAsync(ct);
        var start = after is null ? 0 : endpoints.FindIndex(e => e.Name == after) + 1;
        if (after is not null && start == 0)
            query.Fail("after", "is the name of no endpoint");
        if (query.Refusal() is { } refusal)
            return refusal;
        return TypedResults.Json(
            Page.Of(endpoints[start..], limit, endpoint => endpoint, endpoint => endpoint.Name),
            DarkroomJson.Answers.ListPageEndpointStatus);
    }

    static async Task<IResult> PauseAsync(string name, HttpContext http, EndpointStates states, EndpointReport report, CancellationToken ct)
    {
        if (await report.FindAsync(name, ct) is null)
            return NoSuchEndpoint(name);
        var (reason, refusal) = await ReadReasonAsync(http.Request, ct);
        if (refusal is not null)
            return refusal;
        await states.PauseByPersonAsync(name, reason, Actor.Of(http), ct);
        return TypedResults.Json(await report.FindAsync(name, ct), DarkroomJson.Answers.EndpointStatus);
    }

    static async Task<IResult> ResumeAsync(string name, HttpContext http, EndpointStates states, EndpointReport report, CancellationToken ct)
    {
        if (await report.FindAsync(name, ct) is null)
            return NoSuchEndpoint(name);
        await states.ResumeAsync(name, Actor.Of(http), ct);
        return TypedResults.Json(await report.FindAsync(name, ct), DarkroomJson.Answers.EndpointStatus);
    }

    static async Task<(string? Reason, ApiError? Refusal)> ReadReasonAsync(HttpRequest request, CancellationToken ct)
    {
        if (await RequestBody.ReadAsync(request, ct) is not { } body)
            return (null, RequestBody.TooLong());
        using (body)
        {
            if (body.Length == 0)
                return default;
            if (RequestBody.Refuse(request) is { } refusal)
                return (null, refusal);
            try
            {
                var reason = JsonSerializer.Deserialize(body.Bytes, DarkroomJson.Requests.PauseEndpoint)?.Reason;
                return reason?.Length > MaxReasonChars
                    ? (null, ApiError.Invalid("reason", $"'reason' has {reason.Length} characters; it may have at most {MaxReasonChars}."))
                    : (UntrustedText.Clean(reason, apiKey: "", MaxReasonChars), null);
            }
            catch (JsonException)
            {
                return (null, ApiError.BadRequest("invalid_json", "The body must be an object with one text, \"reason\", or be left out."));
            }
        }
    }

    static ApiError NoSuchEndpoint(string name) =>
        ApiError.NotFound($"There is no endpoint '{UntrustedText.Clean(name, apiKey: "", 100)}'. GET /v1/endpoints lists them.");
}
