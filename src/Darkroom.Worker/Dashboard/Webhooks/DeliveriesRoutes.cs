using Darkroom.Migrations;
using Darkroom.Worker.Access;
using Darkroom.Worker.Api;
using Darkroom.Worker.Dashboard.Jobs;
using Darkroom.Worker.Webhooks;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Dashboard.Webhooks;

/// <summary>The log of deliveries, one of them, and another round for what failed.</summary>
internal static class DeliveriesRoutes
{
    static readonly TimeSpan ProposedSince = TimeSpan.FromDays(1);

    public static void Map(RouteGroupBuilder pages, RouteGroupBuilder submits)
    {
        pages.MapGet("/webhooks/deliveries", ListAsync);
        pages.MapGet("/webhooks/deliveries/{id}", ShowAsync);
        submits.MapPost("/deliveries/{id}/resend", ResendAsync);
        submits.MapPost("/deliveries/recover", RecoverAsync);
    }

    static async Task<IResult> ListAsync(HttpContext http, IDbContextFactory<DarkroomDb> databases, TimeProvider time, CancellationToken ct)
    {
        var query = DeliveriesQuery.Parse(http.Request.Query);
        var project = http.User.ProjectId();
        await using var db = await databases.CreateDbContextAsync(ct);
        return new RazorComponentResult<DeliveriesPage>(new
        {
            Visitor = Visitor.Of(http),
            Query = query,
            Page = await DeliveryPages.ReadAsync(db, project, query, DeliveryPages.PageSize, ct),
            Receivers = await WebhooksRoutes.ReceiversAsync(db, project, ct),
            Since = time.GetUtcNow() - ProposedSince,
            Recovered = long.TryParse(http.Request.Query["recovered"], out var recovered) ? recovered : (long?)null,
        });
    }

    static async Task<IResult> ShowAsync(string id, HttpContext http, IDbContextFactory<DarkroomDb> databases, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        var project = http.User.ProjectId();
        return WireId.Delivery.TryParse(id, out var delivery) && await db.WebhookDeliveries.AnyAsync(d => d.Id == delivery && d.ProjectId == project, ct)
            ? new RazorComponentResult<DeliveryDetailPage>(new { Visitor = Visitor.Of(http), DeliveryId = delivery, Lost = http.Request.Query["lost"] == "resend" })
            : NotFound(http);
    }

    static async Task<IResult> ResendAsync(string id, HttpContext http, DeliveryLog log, CancellationToken ct) => !WireId.Delivery.TryParse(id, out var delivery)
        ? NotFound(http)
        : TypedResults.LocalRedirect($"~/webhooks/deliveries/{id}{(await log.ResendAsync(http.User.ProjectId(), delivery, ct) ? "" : "?lost=resend")}");

    static async Task<IResult> RecoverAsync(HttpContext http, DeliveryLog log, CancellationToken ct)
    {
        var form = await http.Request.ReadFormAsync(ct);
        var receiver = form["receiver"].ToString();
        Guid? chosen = WireId.WebhookEndpoint.TryParse(receiver, out var known) ? known : null;
        // A field that means nothing would send again more than was meant.
        if (JobsQuery.Moment(form["since"].ToString()) is not { } since || (receiver is not "" && chosen is null))
            return TypedResults.BadRequest();
        var recovered = await log.RecoverAsync(http.User.ProjectId(), chosen, since, ct);
        return TypedResults.LocalRedirect($"~/webhooks/deliveries?recovered={recovered}");
    }

    static RazorComponentResult<MissingPage> NotFound(HttpContext http) => new(new
    {
        Visitor = Visitor.Of(http),
        What = "There is no such delivery in your project",
        Hint = "It may belong to another project, or was removed when its time was over.",
        Way = ("/webhooks/deliveries", "All deliveries"),
    })
    { StatusCode = StatusCodes.Status404NotFound };
}
