using Darkroom.Client;
using Darkroom.Worker.Access;
using Darkroom.Worker.Api;
using Darkroom.Worker.Submission;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.DropIn;

internal static class DropInRoutes
{
    public static IServiceCollection AddDropIn(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<DropInOptions>, DropInOptionsRules>();
        services.AddOptions<DropInOptions>().BindConfiguration(DropInOptions.Section).ValidateOnStart();
        return services.AddSingleton<UnansweredCalls>().AddSingleton<ResultWait>().AddSingleton<ResultAnswer>().AddSingleton<GenerationCalls>();
    }

    public static void MapDropIn(this IEndpointRouteBuilder routes) => routes.MapPost("/v1/images/generations", AnswerAsync)
        .RequireAuthorization(Scopes.Submit)
        .Describe("Drop-in", "Generate images",
            "As at the endpoint itself, with a durable job underneath, named by x-darkroom-job-id on every answer. Waits for the result; a caller "
            + "that goes away loses nothing. 424 where asking again would buy nothing: the job is held, cancelled, or goes on.",
            400, 409, 410, 413, 415, 424)
        .TakesBody<GenerateImages>("At most 512 KB of JSON.", """
            {"model":"gpt-image-1.5","prompt":"A red door in a white wall, in the rain","quality":"low","size":"1024x1536"}
            """)
        .TakesHeader(Idempotency.Header, "The same key and request within 24 hours lead to the same result.")
        .TakesHeader("Prefer", "respond-async: 202 with the job at once. wait=N: 202 with the job unless the result comes within N seconds.")
        .Produces<GeneratedImages>(StatusCodes.Status200OK)
        .Produces<Job>(StatusCodes.Status202Accepted);

    static Task<IResult> AnswerAsync(HttpContext http, GenerationCalls calls, CancellationToken ct) => calls.AnswerAsync(http, ct);
}
