using Darkroom.Client;
using Darkroom.Migrations;
using Darkroom.Worker.Access;
using Darkroom.Worker.Api;
using Microsoft.EntityFrameworkCore;
using Row = Darkroom.Migrations.Rows;

namespace Darkroom.Worker.Webhooks;

/// <summary>The log of deliveries: what was sent, what became of it, and another round.</summary>
internal static class DeliveryRoutes
{
    const string Deliveries = "/v1/webhook_deliveries";

    public static void MapDeliveries(this IEndpointRouteBuilder routes, string tag)
    {
        routes.MapGet(Deliveries, ListAsync).RequireAuthorization(Scopes.Read)
            .Describe(tag, "List deliveries", "Newest first. Filters are combined.")
            .TakesPage()
            .TakesQuery("status", "One or more of pending, succeeded and failed, separated by commas.")
            .TakesQuery("endpoint_id", "Only those of this receiver.")
            .TakesQuery("job_id", "Only those that tell of this job.")
            .Produces<ListPage<WebhookDelivery>>();
        routes.MapGet(Deliveries + "/{id}", GetAsync).RequireAuthorization(Scopes.Read)
            .Describe(tag, "Get a delivery", "What became of it so far.", 404).Produces<WebhookDelivery>();
        routes.MapGet(Deliveries + "/{id}/attempts", AttemptsAsync).RequireAuthorization(Scopes.Read)
            .Describe(tag, "List a delivery's attempts", "Every request made, with its duration, status and the beginning of the answer.", 404)
            .Produces<ListPage<WebhookAttempt>>();
        routes.MapPost(Deliveries + "/{id}/resend", ResendAsync).RequireAuthorization(Scopes.Submit)
            .Describe(tag, "Send a delivery again", "The same event under the same webhook-id, whatever became of it.", 404)
            .Produces<WebhookDelivery>(StatusCodes.Status202Accepted);
        routes.MapPost(Deliveries + "/recover", RecoverAsync).RequireAuthorization(Scopes.Submit)
            .Describe(tag, "Send again all that failed", "Since a time; paced for each receiver as configured.", 400, 413, 415)
            .TakesBody<RecoverWebhooks>("", """{"since":"2026-11-01T00:00:00Z"}""")
            .Produces<RecoveredWebhooks>(StatusCodes.Status202Accepted);
    }

    static async Task<IResult> ListAsync(HttpContext http, IDbContextFactory<DarkroomDb> databases, CancellationToken ct)
    {
        var query = new QueryReader(http.Request.Query);
        var (limit, after) = (query.Limit(), query.Id("after", WireId.Delivery));
        var statuses = query.Several("status", Row.WebhookStatus.All);
        var (endpoint, job) = (query.Id("endpoint_id", WireId.WebhookEndpoint), query.Id("job_id", WireId.Job));
        if (query.Refusal() is { } refusal)
            return refusal;
        var project = http.User.ProjectId();
        await using var db = await databases.CreateDbContextAsync(ct);
        var cursor = after is null ? null : await db.WebhookDeliveries.AsNoTracking().SingleOrDefaultAsync(d => d.Id == after && d.ProjectId == project, ct);
        if (after is not null && cursor is null)
            return ApiError.Invalid("after", "'after' is no delivery of this project.");
        var rows = await db.WebhookDeliveries.AsNoTracking().Where(d => d.ProjectId == project)
            .Where(d => statuses == null || statuses.Contains(d.Status))
            .Where(d => (endpoint == null || d.EndpointId == endpoint) && (job == null || d.JobId == job))
            .Where(d => cursor == null || EF.Functions.LessThan(ValueTuple.Create(d.CreatedAt, d.Id), ValueTuple.Create(cursor.CreatedAt, cursor.Id)))
            .OrderByDescending(d => d.CreatedAt).ThenByDescending(d => d.Id).Take(limit + 1).ToListAsync(ct);
        return TypedResults.Json(Page.Of(rows, limit, WebhookView.Of, d => d.Id), DarkroomJson.Answers.ListPageWebhookDelivery);
    }

    static async Task<IResult> GetAsync(string id, HttpContext http, IDbContextFactory<DarkroomDb> databases, CancellationToken ct) =>
        await FindAsync(id, http, databases, ct) is { } row
            ? TypedResults.Json(WebhookView.Of(row), DarkroomJson.Answers.WebhookDelivery)
            : NoSuchDelivery(id);

    static async Task<IResult> AttemptsAsync(string id, HttpContext http, IDbContextFactory<DarkroomDb> databases, CancellationToken ct)
    {
        if (await FindAsync(id, http, databases, ct) is not { } delivery)
            return NoSuchDelivery(id);
        await using var db = await databases.CreateDbContextAsync(ct);
        var rows = await db.WebhookAttempts.AsNoTracking().Where(a => a.DeliveryId == delivery.Id).OrderBy(a => a.Number).ToListAsync(ct);
        return TypedResults.Json(
            Page.Whole([.. rows.Select(WebhookView.Of)], a => a.Number.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            DarkroomJson.Answers.ListPageWebhookAttempt);
    }

    static async Task<IResult> ResendAsync(string id, HttpContext http, DeliveryLog log, IDbContextFactory<DarkroomDb> databases, CancellationToken ct)
    {
        if (await FindAsync(id, http, databases, ct) is not { } row)
            return NoSuchDelivery(id);
        await log.ResendAsync(row.ProjectId, row.Id, ct);
        return TypedResults.Json(
            WebhookView.Of((await FindAsync(id, http, databases, ct))!), DarkroomJson.Answers.WebhookDelivery, statusCode: StatusCodes.Status202Accepted);
    }

    static async Task<IResult> RecoverAsync(HttpContext http, DeliveryLog log, CancellationToken ct)
    {
        var (body, refusal) = await JsonBody.ReadAsync(
            http.Request, DarkroomJson.Requests.RecoverWebhooks, "an object with \"since\", an RFC 3339 time, and perhaps \"endpoint_id\"", ct);
        if (refusal is not null)
            return refusal;
        if (body!.Since is not { } since)
            return ApiError.Invalid("since", "'since' is required.", "missing_required_parameter");
        Guid? endpoint = null;
        if (body.EndpointId is { } id)
        {
            if (!WireId.WebhookEndpoint.TryParse(id, out var known))
                return ApiError.Invalid("endpoint_id", "'endpoint_id' must be an id as the API gives it (whe_...).");
            endpoint = known;
        }
        var recovered = await log.RecoverAsync(http.User.ProjectId(), endpoint, since.ToUniversalTime(), ct);
        return TypedResults.Json(new RecoveredWebhooks(recovered), DarkroomJson.Answers.RecoveredWebhooks, statusCode: StatusCodes.Status202Accepted);
    }

    static async Task<Row.WebhookDelivery?> FindAsync(string id, HttpContext http, IDbContextFactory<DarkroomDb> databases, CancellationToken ct)
    {
        if (!WireId.Delivery.TryParse(id, out var delivery))
            return null;
        var project = http.User.ProjectId();
        await using var db = await databases.CreateDbContextAsync(ct);
        return await db.WebhookDeliveries.AsNoTracking().SingleOrDefaultAsync(d => d.Id == delivery && d.ProjectId == project, ct);
    }

    static ApiError NoSuchDelivery(string id) => ApiError.NotFound($"There is no webhook delivery '{id}' in this project.");
}
