using System.Security.Claims;
using Darkroom.Worker.Access;
using Microsoft.AspNetCore.Antiforgery;

namespace Darkroom.Worker.Dashboard;

/// <summary>Who looks at a page. Live views keep it, encrypted by the server, in their page.</summary>
/// <param name="KeySha256">Of the key that opened the session, in hexadecimal digits.</param>
/// <param name="MayChange">Cancel and retry jobs.</param>
/// <param name="MayAdminister">What concerns more than one project: endpoints, keys, projects, Hangfire's pages.</param>
/// <param name="Token">The antiforgery token of the page's forms, good on every node.</param>
public sealed record Visitor(Guid ProjectId, string KeySha256, bool MayChange, bool MayAdminister, string TokenField, string Token)
{
    internal static Visitor Of(HttpContext http)
    {
        var tokens = http.RequestServices.GetRequiredService<IAntiforgery>().GetAndStoreTokens(http);
        var admin = http.User.HasClaim(Caller.ScopeClaim, Scopes.Admin);
        return new(
            http.User.ProjectId(), http.User.FindFirstValue(Sessions.KeyClaim)!,
            admin || http.User.HasClaim(Caller.ScopeClaim, Scopes.Submit), admin, tokens.FormFieldName, tokens.RequestToken!);
    }
}
