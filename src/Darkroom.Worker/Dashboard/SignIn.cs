using System.Security.Claims;
using Darkroom.Worker.Access;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Darkroom.Worker.Dashboard;

/// <summary>What the sign-in page shows.</summary>
/// <param name="Return">A path of ours.</param>
/// <param name="Objection">Why the last try was refused.</param>
/// <param name="Provider">Where else people may sign in; null for nowhere.</param>
public sealed record SignInForm(string TokenField, string Token, string Return, string? Objection, string? Provider);

/// <summary>A key opens a session. The key itself is neither kept nor shown again.</summary>
internal sealed class SignIn(SessionCheck sessions, ProviderSignIn provider, IAntiforgery antiforgery)
{
    public IResult Show(HttpContext http) =>
        Page(http, http.Request.Query["return"], SignInFailure.Words(http.Request.Query["failed"]), StatusCodes.Status200OK);

    /// <summary>A link leads here, not a form: a browser lets no form lead to another site, which the provider is.</summary>
    public async Task<IResult> AskProviderAsync(HttpContext http)
    {
        var target = OurPath(http.Request.Query["return"]);
        if (provider.Name is null)
            return TypedResults.LocalRedirect("~" + Sessions.SignInPath);
        return await provider.BeginAsync(http, target, unseen: false)
            ? TypedResults.Empty
            : Page(http, target, SignInFailure.Words(SignInFailure.Unreachable), StatusCodes.Status503ServiceUnavailable);
    }

    public async Task<IResult> OpenAsync(HttpContext http, CancellationToken ct)
    {
        if (!await antiforgery.IsRequestValidAsync(http))
            return Page(http, "/", "This page had expired. Enter the key again.", StatusCodes.Status400BadRequest);
        var form = await http.Request.ReadFormAsync(ct);
        var key = form["key"].ToString().Trim();
        if (key is "" || await sessions.OpenAsync(new(Convert.ToHexString(ApiKeyText.Sha256(key)), null), ct) is not { } person)
            return Page(http, form["return"], "This key is unknown, expired or revoked.", StatusCodes.Status401Unauthorized);
        if (!MayRead(person))
            return Page(http, form["return"], "This key may only submit: the dashboard needs the scope 'read'.", StatusCodes.Status403Forbidden);
        await http.SignInAsync(Sessions.Scheme, person);
        return TypedResults.Redirect(OurPath(form["return"]));
    }

    public async Task<IResult> CloseAsync(HttpContext http)
    {
        // Another site that signs a person out is a nuisance, but a harmless request of ours it is not.
        if (await antiforgery.IsRequestValidAsync(http))
            await http.SignOutAsync(Sessions.Scheme);
        return TypedResults.Redirect(Sessions.SignInPath);
    }

    RazorComponentResult<SignInPage> Page(HttpContext http, string? target, string? objection, int status)
    {
        var tokens = antiforgery.GetAndStoreTokens(http);
        var form = new SignInForm(tokens.FormFieldName, tokens.RequestToken!, OurPath(target), objection, provider.Name);
        return new(new { Form = form }) { StatusCode = status };
    }

    static bool MayRead(ClaimsPrincipal person) =>
        person.HasClaim(Caller.ScopeClaim, Scopes.Read) || person.HasClaim(Caller.ScopeClaim, Scopes.Admin);

    /// <summary>Never another site: a link to the sign-in page must not send a person who just signed in elsewhere.</summary>
    static string OurPath(string? target) =>
        target is ['/', ..] and not ['/', '/' or '\\', ..] && !target.Any(char.IsControl) ? target : "/";
}
