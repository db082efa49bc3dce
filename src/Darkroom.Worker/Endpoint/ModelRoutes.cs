using Darkroom.Client;
using Darkroom.Worker.Access;
using Darkroom.Worker.Api;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Endpoint;

/// <summary>The configured models that an endpoint serves, as OpenAI's API lists models.</summary>
internal static class ModelRoutes
{
    public static void MapModels(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/models", List).RequireAuthorization(Scopes.Read)
            .Describe("Models", "List models", "All that are configured and served, with the day their maker ends them where it is known.")
            .Produces<ListPage<Model>>();
        // To the end of the path: a router's names have slashes in them.
        routes.MapGet("/v1/models/{**id}", Get).RequireAuthorization(Scopes.Read)
            .Describe("Models", "Get a model", "By its configured name.", 404)
            .Produces<Model>();
    }

    static JsonHttpResult<ListPage<Model>> List(IOptions<EndpointSettings> settings) =>
        TypedResults.Json(Page.Whole([.. Served(settings.Value)], model => model.Id), DarkroomJson.Answers.ListPageModel);

    static IResult Get(string id, IOptions<EndpointSettings> settings)
    {
        var name = Uri.UnescapeDataString(id);
        return Served(settings.Value).FirstOrDefault(model => model.Id == name) is { } found
            ? TypedResults.Json(found, DarkroomJson.Answers.Model)
            : new ApiError(404, "invalid_request_error", "model_not_found",
                $"The model '{name}' does not exist; configured are {string.Join(", ", Served(settings.Value).Select(m => $"'{m.Id}'"))}.", "model");
    }

    static IEnumerable<Model> Served(EndpointSettings settings) =>
        from model in settings.Models
        let endpoint = settings.EndpointFor(model.Name)
        where endpoint is not null
        // When a model was made nobody tells us; OpenAI's clients want a number.
        select new Model(model.Name, 0, endpoint.Name) { ShutdownAt = model.ShutdownAt };
}
