using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Api;

/// <summary>What holds for every request before a route sees it.</summary>
internal static class HttpSetup
{
    /// <summary>Of a body, for routes that do not say otherwise: more than any JSON we take, far less than Kestrel's 30 MB.</summary>
    const long MostBodyBytes = 1024 * 1024;

    public static IServiceCollection AddHttp(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<HttpOptions>, HttpOptionsRules>();
        services.AddOptions<HttpOptions>().BindConfiguration(HttpOptions.Section).ValidateOnStart();
        services.Configure<KestrelServerOptions>(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MostBodyBytes;
        });
        services.AddOptions<ForwardedHeadersOptions>().Configure<IOptions<HttpOptions>>((forwarded, http) =>
        {
            // An empty list would mean everybody; so would ASPNETCORE_FORWARDEDHEADERS_ENABLED without this.
            forwarded.ForwardedHeaders = http.Value.TrustedProxies is [] ? ForwardedHeaders.None
                : ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto | ForwardedHeaders.XForwardedHost;
            forwarded.KnownProxies.Clear();
            forwarded.KnownIPNetworks.Clear();
            foreach (var network in http.Value.TrustedNetworks())
                forwarded.KnownIPNetworks.Add(network);
            // Through as many proxies as are known; the first that is not is the caller.
            forwarded.ForwardLimit = null;
        });
        return services;
    }

    /// <summary>First in the pipeline: who calls and by what scheme is then right for all that follows.</summary>
    public static void UseHttp(this IApplicationBuilder app)
    {
        // Kestrel is made with the host, before our settings are checked; it asks for its limits when it listens.
        var http = app.ApplicationServices.GetRequiredService<IOptions<HttpOptions>>().Value;
        var limits = app.ApplicationServices.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits;
        limits.MaxRequestHeadersTotalSize = http.MaxHeaderBytes;
        limits.RequestHeadersTimeout = http.HeaderTimeout;
        app.UseForwardedHeaders();
        app.UseMiddleware<SecurityHeaders>();
    }
}
