using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Api;

/// <summary>
/// What every answer tells browsers, refusals and failures included. A page that needs more says so itself; what is said here is for all
/// that says nothing: it runs nothing, loads nothing and stands in no frame.
/// </summary>
internal sealed class SecurityHeaders(RequestDelegate next, IOptions<HttpOptions> http, IOptions<LinkOptions> links)
{
    const string Nothing = "default-src 'none'; frame-ancestors 'none'";

    /// <summary>Scalar's and Hangfire's pages, for administrators: their own files, with scripts and styles inside the page.</summary>
    const string ForeignPages =
        "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
        + "connect-src 'self'; form-action 'self'; base-uri 'self'; frame-ancestors 'none'";

    readonly string? transportSecurity = http.Value.Hsts > TimeSpan.Zero ? $"max-age={(long)http.Value.Hsts.TotalSeconds}" : null;
    readonly bool publicByTls = links.Value.PublicUrl?.StartsWith("https:", StringComparison.OrdinalIgnoreCase) is true;

    public Task InvokeAsync(HttpContext context)
    {
        // Now: Hangfire's pages take their prefix off the path.
        var policy = IsForeignPage(context.Request.Path) ? ForeignPages : Nothing;
        // At the last moment: an error clears the headers that were set before it.
        context.Response.OnStarting(() =>
        {
            Write(context, policy);
            return Task.CompletedTask;
        });
        return next(context);
    }

    void Write(HttpContext context, string policy)
    {
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        // A signed link must not travel to another site in a Referer.
        if (headers["Referrer-Policy"].Count == 0)
            headers["Referrer-Policy"] = "no-referrer";
        if (headers.ContentSecurityPolicy.Count == 0)
            headers.ContentSecurityPolicy = policy;
        if (transportSecurity is not null && (context.Request.IsHttps || publicByTls) && !IsLocal(context.Request.Host.Host))
            headers.StrictTransportSecurity = transportSecurity;
    }

    static bool IsForeignPage(PathString path) => path.StartsWithSegments("/docs") || path.StartsWithSegments("/hangfire");

    static bool IsLocal(string host) => host is "localhost" or "127.0.0.1" or "[::1]";
}
