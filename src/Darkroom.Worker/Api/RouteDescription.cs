using Darkroom.Client;

namespace Darkroom.Worker.Api;

/// <summary>A parameter in the query or a header, for the description of the API; the route itself reads and judges it.</summary>
internal sealed record DescribedParameter(string Name, string Description, bool InHeader = false);

/// <summary>The body a route reads by itself.</summary>
/// <param name="Example">JSON; null where the description says it all.</param>
internal sealed record DescribedBody(Type Type, string Description, string? Example, bool Required)
{
    public string MediaType { get; init; } = "application/json";
}

internal static class RouteDescription
{
    /// <summary>Name, summary and the refusals that this route has beside those of all routes.</summary>
    public static RouteHandlerBuilder Describe(this RouteHandlerBuilder route, string tag, string summary, string description, params int[] refusals)
    {
        foreach (var status in refusals)
            route.Produces<ErrorBody>(status);
        return route.WithTags(tag).WithSummary(summary).WithDescription(description);
    }

    public static RouteHandlerBuilder TakesQuery(this RouteHandlerBuilder route, string name, string description) =>
        route.WithMetadata(new DescribedParameter(name, description));

    public static RouteHandlerBuilder TakesHeader(this RouteHandlerBuilder route, string name, string description) =>
        route.WithMetadata(new DescribedParameter(name, description, InHeader: true));

    public static RouteHandlerBuilder TakesBody<T>(
        this RouteHandlerBuilder route, string description, string? example = null, bool required = true) =>
        route.WithMetadata(new DescribedBody(typeof(T), description, example, required));

    public static RouteHandlerBuilder TakesForm<T>(this RouteHandlerBuilder route, string description) =>
        route.WithMetadata(new DescribedBody(typeof(T), description, null, Required: true) { MediaType = "multipart/form-data" });

    /// <summary>The parameters of every list.</summary>
    /// <param name="most">As <see cref="QueryReader.Limit"/> reads them.</param>
    public static RouteHandlerBuilder TakesPage(this RouteHandlerBuilder route, int most = 100, int unsaid = 20) => route
        .TakesQuery("limit", $"Rows of a page, 1 to {most}; {unsaid} if not given.")
        .TakesQuery("after", "The last_id of the page before.")
        .Produces<ErrorBody>(StatusCodes.Status400BadRequest);
}
