using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Darkroom.Client;
using Darkroom.Worker.Access;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;
using Scalar.AspNetCore;

namespace Darkroom.Worker.Api;

internal static class ApiSetup
{
    /// <summary>What all calls share: error bodies, links, the description of the API.</summary>
    public static IServiceCollection AddApi(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<LinkOptions>, LinkOptionsRules>();
        services.AddOptions<LinkOptions>().BindConfiguration(LinkOptions.Section).ValidateOnStart();
        services.AddSingleton<Links>();
        services.AddHttp();
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
            json.SerializerOptions.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, DarkroomJson.Default);
        });
        // A lambda: the generator that turns doc comments into descriptions looks for one here.
        services.AddOpenApi(options => OpenApiDescription.Configure(options));
        return services;
    }

    /// <summary>First in the pipeline: what follows it may throw and refuse.</summary>
    public static void UseErrorBoundary(this IApplicationBuilder app)
    {
        app.UseHttp();
        app.UseMiddleware<ErrorBoundary>();
    }

    /// <summary>The description for programs, and a page for people that is served whole from here: it needs no other host.</summary>
    public static void MapApiReference(this IEndpointRouteBuilder routes)
    {
        var pages = routes.MapGroup("").RequireAuthorization(Scopes.Pages);
        pages.MapOpenApi("/openapi/v1.json");
        pages.MapScalarApiReference("/docs", page => page
            .WithTitle("Darkroom API")
            .WithOpenApiRoutePattern("/openapi/v1.json")
            .DisableDefaultFonts()
            .DisableTelemetry()
            .DisableAgent()
            .DisableMcp()
            .HideClientButton());
        // Scalar declares its scripts open to everyone; here nothing but health is.
        ((IEndpointConventionBuilder)pages).Finally(route =>
        {
            foreach (var open in route.Metadata.OfType<IAllowAnonymous>().ToArray())
                route.Metadata.Remove(open);
        });
    }
}
