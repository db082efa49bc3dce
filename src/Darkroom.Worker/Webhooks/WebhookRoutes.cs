using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Darkroom.Client;
using Darkroom.Migrations;
using Darkroom.Worker.Access;
using Darkroom.Worker.Api;
using Darkroom.Worker.Submission;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
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
        routes.MapPost(Endpoints + "/{id}/test", TestAsync).RequireAuthorization(Scopes.Submit)
            .Describe(Tag, "Send a test event", $"An event of the type {WebhookEvents.Test} without data.", 404)
            .Produces<WebhookDelivery>(StatusCodes.Status202Accepted);
        routes.MapGet("/v1/webhooks/default/secret", SecretAsync).RequireAuthorization(Scopes.Submit)
            .Describe(Tag, "Get the project's own secret", "It signs deliveries to a job's or batch's own webhook_url.").Produces<WebhookSecret>();
        routes.MapDeliveries(Tag);
    }

    static async Task<IResult> CreateAsync(
        HttpContext http, IDbContextFactory<DarkroomDb> databases, Receivers receivers, WebhookSecrets secrets, TimeProvider clock, CancellationToken ct)
    {
        var (body, refusal) = await ReadAsync(http.Request, DarkroomJson.Requests.RegisterWebhook, "an object with \"url\" and perhaps \"events\"", ct);
        if (refusal is not null)
            return refusal;
        if (Judge(body!, receivers) is { Count: > 0 } faults)
            return ApiError.Invalid(faults);
        var (secret, shown) = secrets.Create();
        var row = new Row.WebhookEndpoint
        {
            Id = Guid.CreateVersion7(),
            ProjectId = http.User.ProjectId(),
            Url = body!.Url,
            Events = body.Events ?? WebhookEvents.All,
            Secret = secret,
            CreatedAt = clock.GetUtcNow(),
        };
        await using var db = await databases.CreateDbContextAsync(ct);
        db.WebhookEndpoints.Add(row);
        await db.SaveChangesAsync(ct);
        return TypedResults.Json(WebhookView.Of(row, shown), DarkroomJson.Answers.WebhookEndpoint, statusCode: StatusCodes.Status201Created);
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

    static async Task<IResult> GetAsync(string id, HttpContext http, IDbContextFactory<DarkroomDb> databases, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        return await One(db, http, id).AsNoTracking().SingleOrDefaultAsync(ct) is { } row
            ? TypedResults.Json(WebhookView.Of(row), DarkroomJson.Answers.WebhookEndpoint)
            : NoSuchReceiver(id);
    }

    static async Task<IResult> DeleteAsync(string id, HttpContext http, IDbContextFactory<DarkroomDb> databases, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        return await One(db, http, id).ExecuteDeleteAsync(ct) > 0 ? TypedResults.NoContent() : NoSuchReceiver(id);
    }

    static async Task<IResult> RotateAsync(
        string id, HttpContext http, IDbContextFactory<DarkroomDb> databases, WebhookSecrets secrets, IOptions<WebhookOptions> options, CancellationToken ct)
    {
        var (secret, shown) = secrets.Create();
        var overlap = options.Value.SecretOverlap;
        await using var db = await databases.CreateDbContextAsync(ct);
        var rotated = await One(db, http, id).ExecuteUpdateAsync(set => set
            .SetProperty(e => e.PreviousSecret, e => e.Secret)
            .SetProperty(e => e.PreviousUntil, e => DarkroomDb.Now() + overlap)
            .SetProperty(e => e.Secret, secret), ct);
        return rotated == 0
            ? NoSuchReceiver(id)
            : TypedResults.Json(WebhookView.Of(await One(db, http, id).AsNoTracking().SingleAsync(ct), shown), DarkroomJson.Answers.WebhookEndpoint);
    }

    static async Task<IResult> EnableAsync(string id, HttpContext http, IDbContextFactory<DarkroomDb> databases, CancellationToken ct)
    {
        await using (var db = await databases.CreateDbContextAsync(ct))
            await One(db, http, id).ExecuteUpdateAsync(set => set
                .SetProperty(e => e.DisabledAt, (DateTimeOffset?)null)
                .SetProperty(e => e.DisabledReason, (string?)null)
                .SetProperty(e => e.FailingSince, (DateTimeOffset?)null), ct);
        return await GetAsync(id, http, databases, ct);
    }

    static async Task<IResult> TestAsync(
        string id, HttpContext http, IDbContextFactory<DarkroomDb> databases, TimeProvider clock, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        if (await One(db, http, id).AsNoTracking().SingleOrDefaultAsync(ct) is not { } receiver)
            return NoSuchReceiver(id);
        var row = new Row.WebhookDelivery
        {
            Id = Guid.CreateVersion7(),
            ProjectId = receiver.ProjectId,
            EndpointId = receiver.Id,
            Url = receiver.Url!,
            Receiver = new Uri(receiver.Url!).GetLeftPart(UriPartial.Authority).ToLowerInvariant(),
            Type = WebhookEvents.Test,
            Status = Row.WebhookStatus.Pending,
            DueAt = clock.GetUtcNow(),
            CreatedAt = clock.GetUtcNow(),
        };
        db.WebhookDeliveries.Add(row);
        await db.SaveChangesAsync(ct);
        return TypedResults.Json(WebhookView.Of(row), DarkroomJson.Answers.WebhookDelivery, statusCode: StatusCodes.Status202Accepted);
    }

    static async Task<IResult> SecretAsync(HttpContext http, WebhookSecrets secrets, CancellationToken ct)
    {
        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.Json(new WebhookSecret(await secrets.OwnAsync(http.User.ProjectId(), ct)), DarkroomJson.Answers.WebhookSecret);
    }

    /// <summary>The body, or why it cannot be read.</summary>
    internal static async Task<(T? Body, ApiError? Refusal)> ReadAsync<T>(HttpRequest request, JsonTypeInfo<T> type, string expected, CancellationToken ct)
        where T : class
    {
        if (RequestBody.Refuse(request) is { } unreadable)
            return (null, unreadable);
        if (await RequestBody.ReadAsync(request, ct) is not { } body)
            return (null, RequestBody.TooLong());
        using (body)
        {
            try
            {
                return JsonSerializer.Deserialize(body.Bytes, type) is { } read
                    ? (read, null)
                    : (null, ApiError.BadRequest("invalid_json", $"The body must be {expected}."));
            }
            catch (JsonException e)
            {
                return (null, ApiError.BadRequest("invalid_json", $"The body must be {expected}: {e.Message.Split(" LineNumber:")[0].Split(" Path:")[0]}"));
            }
        }
    }

    static IQueryable<Row.WebhookEndpoint> One(DarkroomDb db, HttpContext http, string id)
    {
        var project = http.User.ProjectId();
        var known = WireId.WebhookEndpoint.TryParse(id, out var endpoint);
        return db.WebhookEndpoints.Where(e => known && e.Id == endpoint && e.ProjectId == project && e.Url != null);
    }

    static ApiError NoSuchReceiver(string id) => ApiError.NotFound($"There is no webhook endpoint '{id}' in this project.");
}
