using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.Extensions.Options;
using LinkOptions = Darkroom.Worker.Api.LinkOptions;

namespace Darkroom.Worker.Access;

/// <summary>
/// People's sessions in a browser: an encrypted cookie that names a key by its hash. The key is looked up at every request as any key is,
/// so that revoking it ends its sessions within a second on every node, and a change of its scopes counts at once.
/// </summary>
internal static class Sessions
{
    public const string Scheme = "session";

    public const string SignInPath = "/sign-in";

    public const string KeyClaim = "key_sha256";

    /// <summary>A working day without a visit.</summary>
    static readonly TimeSpan Lifetime = TimeSpan.FromHours(12);

    public static AuthenticationBuilder AddSessions(this AuthenticationBuilder authentication)
    {
        authentication.AddCookie(Scheme, cookie =>
        {
            cookie.Cookie.Name = "darkroom.session";
            cookie.Cookie.HttpOnly = true;
            // A link to a page in a mail or a chat arrives signed in; a form of another site does not.
            cookie.Cookie.SameSite = SameSiteMode.Lax;
            cookie.ExpireTimeSpan = Lifetime;
            cookie.SlidingExpiration = true;
            cookie.LoginPath = SignInPath;
            cookie.AccessDeniedPath = SignInPath;
            cookie.ReturnUrlParameter = "return";
            cookie.Events.OnValidatePrincipal = RefreshAsync;
        });
        // Behind a proxy that ends TLS the request itself is plain: the public URL then says that the cookie may travel by TLS alone.
        authentication.Services.AddOptions<CookieAuthenticationOptions>(Scheme).Configure<IOptions<LinkOptions>>((cookie, links) =>
            cookie.Cookie.SecurePolicy = links.Value.PublicUrl?.StartsWith("https:", StringComparison.OrdinalIgnoreCase) is true
                ? CookieSecurePolicy.Always
                : CookieSecurePolicy.SameAsRequest);
        return authentication;
    }

    /// <returns>Null where the key is unknown, expired or revoked.</returns>
    public static async Task<ClaimsPrincipal?> OpenAsync(ApiKeys keys, byte[] sha256, CancellationToken ct)
    {
        if (await keys.FindAsync(sha256, ct) is not { } holder)
            return null;
        var person = Caller.From(holder, Scheme);
        ((ClaimsIdentity)person.Identity!).AddClaim(new(KeyClaim, Convert.ToHexString(sha256)));
        return person;
    }

    static async Task RefreshAsync(CookieValidatePrincipalContext context)
    {
        var http = context.HttpContext;
        if (context.Principal?.FindFirstValue(KeyClaim) is { } hash
            && await OpenAsync(http.RequestServices.GetRequiredService<ApiKeys>(), Convert.FromHexString(hash), http.RequestAborted) is { } person)
        {
            context.ReplacePrincipal(person);
            return;
        }
        context.RejectPrincipal();
        await http.SignOutAsync(Scheme);
    }
}
