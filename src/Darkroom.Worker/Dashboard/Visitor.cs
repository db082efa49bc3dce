using Darkroom.Worker.Access;
using Microsoft.AspNetCore.Antiforgery;

namespace Darkroom.Worker.Dashboard;

/// <summary>Who looks at a page. Live views keep it, encrypted by the server, in their page.</summary>
/// <param name="Name">Of the key or the person.</param>
/// <param name="Basis">What the session stands on.</param>
/// <param name="MayChange">Cancel and retry jobs.</param>
/// <param name="MayAdminister">What concerns more than one project: endpoints, keys, projects, Hangfire's pages.</param>
/// <param name="Token">The antiforgery token of the page's forms, good on every node.</param>
public sealed record Visitor(Guid ProjectId, string Name, SessionBasis Basis, bool MayChange, bool MayAdminister, string TokenField, string Token)
{
    internal static Visitor Of(HttpContext http)
    {
        var tokens = http.RequestServices.GetRequiredService<IAntiforgery>().GetAndStoreTokens(http);
        var admin = http.User.HasClaim(Caller.ScopeClaim, Scopes.Admin);
        return new(
            http.User.ProjectId(), http.User.Identity!.Name!, SessionBasis.Of(http.User)!,
            admin || http.User.HasClaim(Caller.ScopeClaim, Scopes.Submit), admin, tokens.FormFieldName, tokens.RequestToken!);
    }
}
