using Darkroom.Client;
using Darkroom.Migrations;
using Darkroom.Worker.Access;
using Darkroom.Worker.Api;
using Microsoft.EntityFrameworkCore;
using Row = Darkroom.Migrations.Rows;

namespace Darkroom.Worker.Webhooks;

/// <summary>Registered receivers and their secrets. The log of deliveries is in <see cref="DeliveryRoutes"/>.</summary>
internal static class WebhookRoutes
{
    const string Tag = "Webhooks", Endpoints = "/v1/webhook_endpoints";

    public static void MapWebhooks(this IEndpointRouteBuilder routes)
    {
        routes.MapPost(Endpoints, CreateAsync).RequireAuthorization(Scopes.Submit)
            .Describe(Tag, "Register a receiver", "The answer alone shows its secret.", 400, 413, 415)
            .TakesBody<RegisterWebhook>("", """{"url":"https://example.com/darkroom","events":["job.succeeded","job.failed"]}""")
            .Produces<WebhookEndpoint>(StatusCodes.Status201Created);
        routes.MapGet(Endpoints, ListAsync).RequireAuthorization(Scopes.Read)
            .Describe(Tag, "List receivers", "Newest first, without their secrets.").TakesPage().Produces<ListPage<WebhookEndpoint>>();
        routes.MapGet(Endpoints + "/{id}", GetAsync).RequireAuthorization(Scopes.Read)
            .Describe(Tag, "Get a receiver", "Without its secret.", 404).Produces<WebhookEndpoint>();
        routes.MapDelete(Endpoints + "/{id}", DeleteAsync).RequireAuthorization(Scopes.Submit)
            .Describe(Tag, "Delete a receiver", "What waits for it is given up.", 404).Produces(StatusCodes.Status204NoContent);
        routes.MapPost(Endpoints + "/{id}/rotate", RotateAsync).RequireAuthorization(Scopes.Submit)
            .Describe(Tag, "Rotate a secret", "The answer alone shows the new one. The old one signs too for a day, or as configured.", 404)
            .Produces<WebhookEndpoint>();
        routes.MapPost(Endpoints + "/{id}/enable", EnableAsync).RequireAuthorization(Scopes.Submit)
            .Describe(Tag, "Enable a receiver", "Again, after it was disabled; what failed meanwhile is recovered by another call.", 404)
            .Produces<WebhookEndpoint>();
        routes.MapPost(Endpoints + "/{id}/disable", DisableAsync).RequireAuthorization(Scopes.Submit)
            .Describe(Tag, "Disable a receiver", "It is told nothing more until it is enabled again; what waits for it is given up.", 404)
            .Produces<WebhookEndpoint>();
        routes.MapPost(Endpoints + "/{id}/test", TestAsync).RequireAuthorization(Scopes.Submit)
            .Describe(Tag, "Send a test event", $"An event of the type {WebhookEvents.Test} without data.", 404)
            .Produces<WebhookDelivery>(StatusCodes.Status202Accepted);
        routes.MapGet("/v1/webhooks/default/secret", SecretAsync).RequireAuthorization(Scopes.Submit)
            .Describe(Tag, "Get the project's own secret", "It signs deliveries to a job's or batch's own webhook_url.").Produces<WebhookSecret>();
        routes.MapDeliveries(Tag);
    }

    static async Task<IResult> CreateAsync(HttpContext http, ReceiverRegistry registry, Receivers receivers, CancellationToken ct)
    {
        var (body, refusal) = await JsonBody.ReadAsync(http.Request, DarkroomJson.Requests.RegisterWebhook, "an object with \"url\" and perhaps \"events\"", ct);
        if (refusal is not null)
            return refusal;
        if (Judge(body!, receivers) is { Count: > 0 } faults)
            return ApiError.Invalid(faults);
        var (row, secret) = await registry.RegisterAsync(http.User.ProjectId(), body!.Url!, body.Events ?? WebhookEvents.All, Actor.Of(http), ct);
        return TypedResults.Json(WebhookView.Of(row, secret), DarkroomJson.Answers.WebhookEndpoint, statusCode: StatusCodes.Status201Created);
    }

    static List<Fault> Judge(RegisterWebhook body, Receivers receivers)
    {
        var faults = new List<Fault>();
        if (body.Url is null)
            faults.Add(new("url", "missing_required_parameter", "'url' is required."));
        else if (receivers.Refuse(body.Url) is { } reason)
            faults.Add(new("url", "invalid_value", $"'url' {reason}."));
        if (body.Events is { } events)
        {
            if (events.Length == 0)
                faults.Add(new("events", "invalid_value", "'events' must name at least one event, or be left out for all."));
            else if (events.FirstOrDefault(e => !WebhookEvents.All.Contains(e)) is { } unknown)
                faults.Add(new("events", "invalid_value", $"'events' has '{unknown}', which is none of {string.Join(", ", WebhookEvents.All)}."));
            else if (events.Distinct().Count() < events.Length)
                faults.Add(new("events", "invalid_value", "'events' names an event twice."));
        }
        return faults;
    }

    static async Task<IResult> ListAsync(HttpContext http, IDbContextFactory<DarkroomDb> databases, CancellationToken ct)
    {
        var query = new QueryReader(http.Request.Query);
        var (limit, after) = (query.Limit(), query.Id("after", WireId.WebhookEndpoint));
        if (query.Refusal() is { } refusal)
            return refusal;
        var project = http.User.ProjectId();
        await using var db = await databases.CreateDbContextAsync(ct);
        var cursor = after is null ? null : await db.WebhookEndpoints.SingleOrDefaultAsync(e => e.Id == after && e.ProjectId == project, ct);
        if (after is not null && cursor is null)
            return ApiError.Invalid("after", "'after' is no receiver of this project.");
        var rows = await db.WebhookEndpoints.AsNoTracking().Where(e => e.ProjectId == project && e.Url != null)
            .Where(e => cursor == null || EF.Functions.LessThan(ValueTuple.Create(e.CreatedAt, e.Id), ValueTuple.Create(cursor.CreatedAt, cursor.Id)))
            .OrderByDescending(e => e.CreatedAt).ThenByDescending(e => e.Id).Take(limit + 1).ToListAsync(ct);
        return TypedResults.Json(Page.Of(rows, limit, row => WebhookView.Of(row), e => e.Id), DarkroomJson.Answers.ListPageWebhookEndpoint);
    }

    static async Task<IResult> GetAsync(string id, HttpContext http, ReceiverRegistry registry, CancellationToken ct) =>
        await registry.FindAsync(http.User.ProjectId(), Known(id), ct) is { } row
            ? TypedResults.Json(WebhookView.Of(row), DarkroomJson.Answers.WebhookEndpoint)
            : NoSuchReceiver(id);

    static async Task<IResult> DeleteAsync(string id, HttpContext http, ReceiverRegistry registry, CancellationToken ct) =>
        await registry.DeleteAsync(http.User.ProjectId(), Known(id), Actor.Of(http), ct) ? TypedResults.NoContent() : NoSuchReceiver(id);

    static async Task<IResult> RotateAsync(string id, HttpContext http, ReceiverRegistry registry, CancellationToken ct) =>
        await registry.RotateAsync(http.User.ProjectId(), Known(id), Actor.Of(http), ct) is { } secret
            && await registry.FindAsync(http.User.ProjectId(), Known(id), ct) is { } row
            ? TypedResults.Json(WebhookView.Of(row, secret), DarkroomJson.Answers.WebhookEndpoint)
            : NoSuchReceiver(id);

    static async Task<IResult> EnableAsync(string id, HttpContext http, ReceiverRegistry registry, CancellationToken ct)
    {
        await registry.EnableAsync(http.User.ProjectId(), Known(id), Actor.Of(http), ct);
        return await GetAsync(id, http, registry, ct);
    }

    static async Task<IResult> DisableAsync(string id, HttpContext http, ReceiverRegistry registry, CancellationToken ct)
    {
        await registry.DisableAsync(http.User.ProjectId(), Known(id), Actor.Of(http), ct);
        return await GetAsync(id, http, registry, ct);
    }

    static async Task<IResult> TestAsync(string id, HttpContext http, ReceiverRegistry registry, CancellationToken ct) =>
        await registry.TestAsync(http.User.ProjectId(), Known(id), ct) is { } delivery
            ? TypedResults.Json(WebhookView.Of(delivery), DarkroomJson.Answers.WebhookDelivery, statusCode: StatusCodes.Status202Accepted)
            : NoSuchReceiver(id);

    static async Task<IResult> SecretAsync(HttpContext http, WebhookSecrets secrets, CancellationToken ct)
    {
        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.Json(new WebhookSecret(await secrets.OwnAsync(http.User.ProjectId(), ct)), DarkroomJson.Answers.WebhookSecret);
    }

    /// <summary>What is no id of a receiver is the id of none.</summary>
    static Guid Known(string id) => WireId.WebhookEndpoint.TryParse(id, out var known) ? known : Guid.Empty;

    static ApiError NoSuchReceiver(string id) => ApiError.NotFound($"There is no webhook endpoint '{id}' in this project.");
}
