using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Access;

internal static class AccessSetup
{
    const string Keys = "keys", KeysOrLinks = "keys or links", KeysOrBasic = "keys or basic", KeysOrScrapes = "keys or scrapes";

    public static IServiceCollection AddAccess(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<AuthOptions>, AuthOptionsRules>();
        services.AddOptions<AuthOptions>().BindConfiguration(AuthOptions.Section).ValidateOnStart();
        services.AddSingleton<BootstrapKey>().AddSingleton<ApiKeys>().AddSingleton<KeyAdministration>().AddSingleton<SignedLinks>();
        services.AddSingleton<KeyRates>().AddSingleton<KeyUse>().AddHostedService(provider => provider.GetRequiredService<KeyUse>());

        services.AddSingleton<IValidateOptions<OpenIdConnectSettings>, OpenIdConnectRules>();
        services.AddOptions<OpenIdConnectSettings>().BindConfiguration(OpenIdConnectSettings.Section).ValidateOnStart();
        services.AddSingleton<SessionCheck>();

        KeyRing.Add(services);
        services.AddAuthentication()
            .AddSessions()
            .AddScheme<KeyAuthenticationOptions, KeyAuthentication>(Keys, null)
            .AddScheme<KeyAuthenticationOptions, KeyAuthentication>(KeysOrLinks, o => o.Links = true)
            .AddScheme<KeyAuthenticationOptions, KeyAuthentication>(KeysOrBasic, o => o.Basic = true)
            .AddScheme<KeyAuthenticationOptions, KeyAuthentication>(KeysOrScrapes, o => o.Scrapes = true);
        services.AddAuthorizationBuilder()
            .AddPolicy(Scopes.Submit, Requires(Keys, Scopes.Submit))
            .AddPolicy(Scopes.Read, Requires(Keys, Scopes.Read))
            .AddPolicy(Scopes.Admin, Requires(Keys))
            .AddPolicy(Scopes.ReadOrLink, Requires(KeysOrLinks, Scopes.Read, Caller.LinkScope))
            .AddPolicy(Scopes.Metrics, Requires(KeysOrScrapes, Scopes.Metrics))
            .AddPolicy(Scopes.Pages, Requires(KeysOrBasic))
            .AddPolicy(Scopes.Dashboard, Requires(Sessions.Scheme, Scopes.Read))
            .AddPolicy(Scopes.DashboardChanges, Requires(Sessions.Scheme, Scopes.Submit))
            .AddPolicy(Scopes.DashboardAdmin, Requires(Sessions.Scheme))
            // A route that forgets to ask for a scope still asks for a key, and so does every path without a route.
            .SetFallbackPolicy(new AuthorizationPolicyBuilder(Keys).RequireAuthenticatedUser().Build());
        return services;
    }

    public static void MapAccess(this IEndpointRouteBuilder routes)
    {
        const string Tag = "Access";
        routes.MapProjects(Tag);
        routes.MapKeys(Tag);
        routes.MapAuditLog(Tag);
    }

    /// <summary>One of the scopes, or admin, which includes them all.</summary>
    static Action<AuthorizationPolicyBuilder> Requires(string scheme, params string[] scopes) => policy => policy
        .AddAuthenticationSchemes(scheme)
        .RequireClaim(Caller.ScopeClaim, [.. scopes, Scopes.Admin]);
}
