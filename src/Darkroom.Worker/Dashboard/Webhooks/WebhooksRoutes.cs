using Darkroom.Migrations;
using Darkroom.Migrations.Rows;
using Darkroom.Worker.Access;
using Darkroom.Worker.Api;
using Darkroom.Worker.Webhooks;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Dashboard.Webhooks;

/// <summary>Receivers and what people do with them. The log of deliveries is in <see cref="DeliveriesRoutes"/>.</summary>
internal static class WebhooksRoutes
{
    /// <summary>Receivers shown: a project has a handful.</summary>
    const int MostReceivers = 200, Latest = 10;

    public static void Map(RouteGroupBuilder pages, RouteGroupBuilder changes)
    {
        pages.MapGet("/webhooks", (HttpContext http, IDbContextFactory<DarkroomDb> databases, CancellationToken ct) => ListAsync(http, databases, ct));
        pages.MapGet("/webhooks/{id}", ShowAsync);
        var submits = changes.MapGroup("/webhooks").RequireAuthorization(Scopes.DashboardChanges);
        submits.MapPost("", RegisterAsync);
        submits.MapPost("/own-secret", ShowOwnSecretAsync);
        submits.MapPost("/{id}/rotate", RotateAsync);
        submits.MapPost("/{id}/test", TestAsync);
        submits.MapPost("/{id}/enable", EnableAsync);
        submits.MapPost("/{id}/disable", DisableAsync);
        submits.MapPost("/{id}/delete", DeleteAsync);
        DeliveriesRoutes.Map(pages, submits);
    }

    public static Task<List<WebhookEndpoint>> ReceiversAsync(DarkroomDb db, Guid projectId, CancellationToken ct) => db.WebhookEndpoints.AsNoTracking()
        .Where(e => e.ProjectId == projectId && e.Url != null).OrderByDescending(e => e.CreatedAt).Take(MostReceivers).ToListAsync(ct);

    static async Task<IResult> ListAsync(
        HttpContext http, IDbContextFactory<DarkroomDb> databases, CancellationToken ct, string? ownSecret = null, string? url = null, string[]? events = null,
        params IReadOnlyList<string> objections)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        return new RazorComponentResult<WebhooksPage>(new
        {
            Visitor = Visitor.Of(http),
            Receivers = await ReceiversAsync(db, http.User.ProjectId(), ct),
            OwnSecret = ownSecret,
            Url = url,
            Events = events ?? WebhookEvents.All,
            Objections = objections,
        })
        { StatusCode = objections is [] ? StatusCodes.Status200OK : StatusCodes.Status422UnprocessableEntity };
    }

    static Task<IResult> ShowAsync(
        string id, HttpContext http, ReceiverRegistry registry, IDbContextFactory<DarkroomDb> databases, IOptions<WebhookOptions> options, CancellationToken ct) =>
        PageAsync(Known(id), http, registry, databases, options, ct);

    static async Task<IResult> PageAsync(
        Guid id, HttpContext http, ReceiverRegistry registry, IDbContextFactory<DarkroomDb> databases, IOptions<WebhookOptions> options, CancellationToken ct,
        string? secret = null, bool registered = false)
    {
        var project = http.User.ProjectId();
        if (await registry.FindAsync(project, id, ct) is not { } receiver)
            return NotFound(http);
        await using var db = await databases.CreateDbContextAsync(ct);
        return new RazorComponentResult<ReceiverPage>(new
        {
            Visitor = Visitor.Of(http),
            Receiver = receiver,
            Latest = await DeliveryPages.ReadAsync(db, project, new DeliveriesQuery([], id, null, null, null), Latest, ct),
            Overlap = options.Value.SecretOverlap,
            Secret = secret,
            Registered = registered,
        });
    }

    /// <summary>Answers with the page itself, not a redirect to it: the secret is in this one answer and nowhere else.</summary>
    static async Task<IResult> RegisterAsync(
        HttpContext http, ReceiverRegistry registry, Receivers receivers, IDbContextFactory<DarkroomDb> databases, IOptions<WebhookOptions> options, CancellationToken ct)
    {
        var form = await http.Request.ReadFormAsync(ct);
        var url = form["url"].ToString().Trim();
        string[] events = [.. WebhookEvents.All.Where(name => form["event"].Contains(name))];
        string[] objections =
        [
            .. receivers.Refuse(url) is { } reason ? [$"The URL {reason}."] : Array.Empty<string>(),
            .. events is [] ? ["Choose at least one event that it is told of."] : Array.Empty<string>(),
        ];
        if (objections is not [])
            return await ListAsync(http, databases, ct, url: url, events: events, objections: objections);
        var (receiver, secret) = await registry.RegisterAsync(http.User.ProjectId(), url, events, Actor.Of(http), ct);
        return await PageAsync(receiver.Id, http, registry, databases, options, ct, secret, registered: true);
    }

    static async Task<IResult> RotateAsync(
        string id, HttpContext http, ReceiverRegistry registry, IDbContextFactory<DarkroomDb> databases, IOptions<WebhookOptions> options, CancellationToken ct) =>
        await PageAsync(Known(id), http, registry, databases, options, ct, await registry.RotateAsync(http.User.ProjectId(), Known(id), Actor.Of(http), ct));

    static async Task<IResult> ShowOwnSecretAsync(HttpContext http, WebhookSecrets secrets, IDbContextFactory<DarkroomDb> databases, CancellationToken ct) =>
        await ListAsync(http, databases, ct, ownSecret: await secrets.OwnAsync(http.User.ProjectId(), ct));

    /// <summary>Leads to the delivery, whose page shows the answer as it comes.</summary>
    static async Task<IResult> TestAsync(string id, HttpContext http, ReceiverRegistry registry, CancellationToken ct) =>
        await registry.TestAsync(http.User.ProjectId(), Known(id), ct) is { } delivery
            ? TypedResults.LocalRedirect($"~/webhooks/deliveries/{WireId.Delivery.Format(delivery.Id)}")
            : NotFound(http);

    static async Task<IResult> EnableAsync(string id, HttpContext http, ReceiverRegistry registry, CancellationToken ct)
    {
        await registry.EnableAsync(http.User.ProjectId(), Known(id), Actor.Of(http), ct);
        return Back(Known(id));
    }

    static async Task<IResult> DisableAsync(string id, HttpContext http, ReceiverRegistry registry, CancellationToken ct)
    {
        await registry.DisableAsync(http.User.ProjectId(), Known(id), Actor.Of(http), ct);
        return Back(Known(id));
    }

    static async Task<IResult> DeleteAsync(string id, HttpContext http, ReceiverRegistry registry, CancellationToken ct) =>
        await registry.DeleteAsync(http.User.ProjectId(), Known(id), Actor.Of(http), ct) ? TypedResults.LocalRedirect("~/webhooks") : NotFound(http);

    /// <summary>What is no id of a receiver is the id of none.</summary>
    static Guid Known(string id) => WireId.WebhookEndpoint.TryParse(id, out var known) ? known : Guid.Empty;

    static RedirectHttpResult Back(Guid id) => TypedResults.LocalRedirect($"~/webhooks/{WireId.WebhookEndpoint.Format(id)}");

    static RazorComponentResult<MissingPage> NotFound(HttpContext http) => new(new
    {
        Visitor = Visitor.Of(http),
        What = "There is no such receiver in your project",
        Hint = "It may belong to another project, or was deleted.",
        Way = ("/webhooks", "All receivers"),
    })
    { StatusCode = StatusCodes.Status404NotFound };
}
