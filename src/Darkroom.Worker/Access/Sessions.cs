using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.Extensions.Options;
using LinkOptions = Darkroom.Worker.Api.LinkOptions;

namespace Darkroom.Worker.Access;

/// <summary>People's sessions in a browser: an encrypted cookie that says what it stands on (<see cref="SessionBasis"/>), checked at every request.</summary>
internal static class Sessions
{
    public const string Scheme = "session";

    public const string SignInPath = "/sign-in";

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
            cookie.Cookie.SecurePolicy = SecurePolicy(links.Value));
        return authentication;
    }

    public static CookieSecurePolicy SecurePolicy(LinkOptions links) =>
        links.PublicUrl?.StartsWith("https:", StringComparison.OrdinalIgnoreCase) is true ? CookieSecurePolicy.Always : CookieSecurePolicy.SameAsRequest;

    static async Task RefreshAsync(CookieValidatePrincipalContext context)
    {
        var http = context.HttpContext;
        if (SessionBasis.Of(context.Principal!) is { } basis
            && await http.RequestServices.GetRequiredService<SessionCheck>().OpenAsync(basis, http.RequestAborted) is { } person)
        {
            context.ReplacePrincipal(person);
            return;
        }
        context.RejectPrincipal();
        await http.SignOutAsync(Scheme);
    }
}
