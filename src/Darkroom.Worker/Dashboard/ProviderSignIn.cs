using System.Security.Claims;
using Darkroom.Worker.Access;
using Darkroom.Worker.Api;
using Darkroom.Worker.Endpoint;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.Extensions.Options;
using LinkOptions = Darkroom.Worker.Api.LinkOptions;

namespace Darkroom.Worker.Dashboard;

/// <summary>
/// Signing in at an OpenID Connect provider: the code flow with PKCE. What comes of it is a session as a key's is; no token is kept.
/// </summary>
internal sealed partial class ProviderSignIn(SessionCheck sessions, IOptions<OpenIdConnectSettings> settings, TimeProvider clock, ILogger<ProviderSignIn> logger)
{
    public const string Path = "/sign-in/provider";

    const string Scheme = "provider", Unseen = "unseen";
    const int LongestSaid = 300;

    /// <summary>What the button says; null where there is no provider.</summary>
    public string? Name => settings.Value.Enabled ? settings.Value.Name : null;

    public static void Add(IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<ProviderSignIn>();
        if (string.IsNullOrEmpty(configuration[$"{OpenIdConnectSettings.Section}:{nameof(OpenIdConnectSettings.Authority)}"]))
            return;
        services.AddAuthentication().AddOpenIdConnect(Scheme, _ => { });
        services.AddOptions<OpenIdConnectOptions>(Scheme).Configure<IOptions<OpenIdConnectSettings>, IOptions<LinkOptions>, Links>(Configure);
    }

    static void Configure(OpenIdConnectOptions options, IOptions<OpenIdConnectSettings> configured, IOptions<LinkOptions> links, Links absolute)
    {
        var settings = configured.Value;
        (options.Authority, options.ClientId, options.ClientSecret) = (settings.Authority, settings.ClientId, settings.ClientSecret);
        options.RequireHttpsMetadata = settings.Authority!.StartsWith("https:", StringComparison.OrdinalIgnoreCase);
        options.CallbackPath = Path + "/callback";
        options.SignInScheme = Sessions.Scheme;
        // The answer comes as a page that the browser opens, which brings cookies of SameSite Lax along; a form of the provider's would not.
        (options.ResponseType, options.ResponseMode) = ("code", "query");
        options.GetClaimsFromUserInfoEndpoint = true;
        options.MapInboundClaims = false;
        options.Scope.Clear();
        foreach (var scope in settings.Scopes is { Length: > 0 } asked ? ["openid", .. asked] : new[] { "openid", "profile" })
            options.Scope.Add(scope);
        foreach (var claim in new[] { settings.NameClaim, settings.RoleClaim })
            options.ClaimActions.MapJsonKey(claim, claim);
        foreach (var cookie in new[] { options.CorrelationCookie, options.NonceCookie })
            (cookie.SameSite, cookie.HttpOnly, cookie.SecurePolicy) = (SameSiteMode.Lax, true, Sessions.SecurePolicy(links.Value));
        options.Events.OnRedirectToIdentityProvider = context =>
        {
            context.ProtocolMessage.RedirectUri = absolute.Absolute(options.CallbackPath, context.Request);
            return Task.CompletedTask;
        };
        options.Events.OnTicketReceived = context => context.HttpContext.RequestServices.GetRequiredService<ProviderSignIn>().TakeAsync(context);
        options.Events.OnRemoteFailure = context => context.HttpContext.RequestServices.GetRequiredService<ProviderSignIn>().RefuseAsync(context);
    }

    /// <summary>Sends the browser to the provider, which sends it back to <paramref name="target"/>.</summary>
    /// <param name="target">A path of ours.</param>
    /// <param name="unseen">The provider shall ask the person nothing: it knows them still, or it does not.</param>
    /// <returns>False where the provider cannot be reached.</returns>
    public async Task<bool> BeginAsync(HttpContext http, string target, bool unseen)
    {
        try
        {
            var asked = new OpenIdConnectChallengeProperties { RedirectUri = target };
            if (unseen)
                (asked.Prompt, asked.Items[Unseen]) = ("none", "");
            await http.ChallengeAsync(Scheme, asked);
            return true;
        }
        catch (InvalidOperationException e)
        {
            Log.Unreachable(logger, e.GetBaseException().Message);
            return false;
        }
    }

    /// <summary>
    /// A page of a person whom the provider has not confirmed for a while asks it again. While it cannot be reached the session goes on, to
    /// its end.
    /// </summary>
    public async Task<bool> AsksAgainAsync(HttpContext http) =>
        HttpMethods.IsGet(http.Request.Method) && http.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.Ordinal)
        && SessionBasis.Of(http.User) is { } basis && sessions.IsStale(basis)
        && await BeginAsync(http, http.Request.Path + http.Request.QueryString, unseen: true);

    async Task TakeAsync(TicketReceivedContext context)
    {
        var said = context.Principal!;
        var subject = said.FindFirstValue("sub")!;
        string[] roles = [.. said.FindAll(settings.Value.RoleClaim).Select(c => c.Value).Distinct().Where(role => settings.Value.Grants.Any(g => g.Role == role))];
        var name = UntrustedText.Clean(said.FindFirstValue(settings.Value.NameClaim), apiKey: "", NewKey.LongestName) ?? subject;
        if (await sessions.OpenAsync(new(null, new(subject, name, roles, clock.GetUtcNow())), context.HttpContext.RequestAborted) is { } person)
        {
            context.Principal = person;
            return;
        }
        Log.WithoutRole(logger, subject);
        await context.HttpContext.SignOutAsync(Sessions.Scheme);
        Explain(context.HttpContext, SignInFailure.Role, context.ReturnUri);
        context.HandleResponse();
    }

    async Task RefuseAsync(RemoteFailureContext context)
    {
        Log.Refused(logger, UntrustedText.Clean(context.Failure?.Message, apiKey: "", LongestSaid));
        // Without a state of ours anybody may have made the address: that ends no session.
        var ended = context.Properties?.Items.ContainsKey(Unseen) is true;
        if (ended)
            await context.HttpContext.SignOutAsync(Sessions.Scheme);
        Explain(context.HttpContext, ended ? SignInFailure.Ended : SignInFailure.Provider, context.Properties?.RedirectUri);
        context.HandleResponse();
    }

    static void Explain(HttpContext http, string failure, string? target) =>
        http.Response.Redirect($"{Sessions.SignInPath}?failed={failure}&return={Uri.EscapeDataString(target ?? "/")}");

    static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The OpenID Connect provider cannot be asked: {Reason}")]
        public static partial void Unreachable(ILogger logger, string reason);

        [LoggerMessage(LogLevel.Warning, "Nobody was signed in by the OpenID Connect provider: {Reason}")]
        public static partial void Refused(ILogger logger, string? reason);

        [LoggerMessage(LogLevel.Warning, "The person {Subject} has no role that Darkroom:Dashboard:OpenIdConnect:Grants names, or its project does not exist")]
        public static partial void WithoutRole(ILogger logger, string subject);
    }
}

/// <summary>Why a sign-in at the provider came to nothing, as the sign-in page's URL says it: words of our own, whatever the provider said.</summary>
internal static class SignInFailure
{
    public const string Provider = "provider", Role = "role", Ended = "ended", Unreachable = "unreachable";

    public static string? Words(string? failure) => failure switch
    {
        Provider => "The provider did not sign you in. Try again, or ask whoever runs Darkroom.",
        Role => "The provider knows you, but none of your roles there opens this dashboard. Ask whoever runs Darkroom.",
        Ended => "Your session has ended. Sign in again.",
        Unreachable => "The provider cannot be reached. Try again later, or use a key.",
        _ => null,
    };
}
