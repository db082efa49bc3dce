using System.Net.Http.Headers;
using System.Security.Claims;
using System.Text;
using System.Text.Encodings.Web;
using Darkroom.Worker.Api;
using Darkroom.Worker.Observability;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Access;

/// <summary>The ways in that one scheme accepts beside <c>Authorization: Bearer</c>.</summary>
internal sealed class KeyAuthenticationOptions : AuthenticationSchemeOptions
{
    /// <summary>HTTP Basic with the key as password and any user name, so that a browser can ask for it; or a session (<see cref="Sessions"/>).</summary>
    public bool Basic { get; set; }

    /// <summary>The signature of <see cref="SignedLinks"/> in place of a key.</summary>
    public bool Links { get; set; }

    /// <summary>The key of scrapes, which needs no database.</summary>
    public bool Scrapes { get; set; }
}

/// <summary>Finds out who calls, and tells those who may not how to, in the shape that OpenAI clients parse.</summary>
internal sealed class KeyAuthentication(
    IOptionsMonitor<KeyAuthenticationOptions> options, ILoggerFactory logger, UrlEncoder encoder, ApiKeys keys, SignedLinks links,
    IOptions<TelemetryOptions> telemetry)
    : AuthenticationHandler<KeyAuthenticationOptions>(options, logger, encoder)
{
    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Options.Links && Request.Query.ContainsKey("sig"))
        {
            return await links.RefuseAsync(Request.Path.Value!, Request.Query["exp"], Request.Query["sig"], Context.RequestAborted) is { } refusal
                ? AuthenticateResult.Fail(refusal)
                : Success(Caller.OfLink(Scheme.Name));
        }
        if (Key() is not { } key)
            return Options.Basic ? await Context.AuthenticateAsync(Sessions.Scheme) : AuthenticateResult.NoResult();
        if (Options.Scrapes && telemetry.Value.Admits(key))
            return Success(Caller.OfScrape(Scheme.Name));
        if (await keys.FindAsync(key, Context.RequestAborted) is not { } holder)
            return AuthenticateResult.Fail("This API key is unknown, expired or revoked.");
        Context.Features.Set(holder);
        return Success(Caller.From(holder, Scheme.Name));
    }

    string? Key()
    {
        if (!AuthenticationHeaderValue.TryParse(Request.Headers.Authorization, out var header) || header.Parameter is not { Length: > 0 } sent)
            return null;
        if (header.Scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase))
            return sent;
        return Options.Basic && header.Scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase) ? Password(sent) : null;
    }

    static string? Password(string base64)
    {
        var bytes = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, bytes, out var length)
            && Encoding.UTF8.GetString(bytes, 0, length).Split(':', 2) is [_, { Length: > 0 } password]
                ? password
                : null;
    }

    AuthenticateResult Success(ClaimsPrincipal caller) => AuthenticateResult.Success(new(caller, Scheme.Name));

    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        var failure = (await HandleAuthenticateOnceSafeAsync()).Failure?.Message;
        Response.Headers.WWWAuthenticate = Options.Basic
            ? "Basic realm=\"Darkroom: any user name, an admin key as password\", charset=\"UTF-8\""
            : failure is null ? "Bearer realm=\"Darkroom\"" : "Bearer realm=\"Darkroom\", error=\"invalid_token\"";
        await ApiError.Unauthorized(failure ?? "An API key is needed: send it as 'Authorization: Bearer dk_...'.").ExecuteAsync(Context);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        var asked = Context.GetEndpoint()?.Metadata.GetMetadata<IAuthorizeData>()?.Policy switch
        {
            Scopes.ReadOrLink => Scopes.Read,
            Scopes.Pages or Scopes.Metrics => Scopes.Admin,
            var scope => scope,
        };
        return ApiError.Forbidden($"This call needs a key with the scope '{asked}', which this key does not have.").ExecuteAsync(Context);
    }
}
