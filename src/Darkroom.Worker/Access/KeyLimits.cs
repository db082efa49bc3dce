using Darkroom.Worker.Api;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Access;

/// <summary>
/// Holds each call by a key to the key's limits, before anything of its body is read. Sessions and signed links have none: a page alone
/// makes some fifty requests.
/// </summary>
internal sealed class KeyLimits(RequestDelegate next, KeyRates rates, IOptions<AuthOptions> options)
{
    public async Task InvokeAsync(HttpContext context)
    {
        if (context.Features.Get<KeyHolder>() is { } key && Refuse(context, key) is { } refusal)
            await refusal.ExecuteAsync(context);
        else
            await next(context);
    }

    ApiError? Refuse(HttpContext context, KeyHolder key)
    {
        if (rates.Refuse(key) is { } wait)
            return ApiError.TooManyRequests("This key has used up its requests for now. Try again after Retry-After.", wait);
        if (options.Value.MostBytesOf(key) is not { } most)
            return null;
        if (context.Request.ContentLength > most)
            return ApiError.TooLarge($"The body is longer than the {most} bytes that this key may send.");
        // A body that does not say its length is cut off where it passes the limit.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } body && !(body.MaxRequestBodySize <= most))
            body.MaxRequestBodySize = most;
        return null;
    }
}

internal static class KeyLimitsSetup
{
    /// <summary>Behind authorization, which finds the key.</summary>
    public static void UseKeyLimits(this IApplicationBuilder app) => app.UseMiddleware<KeyLimits>();
}
