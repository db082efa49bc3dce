using System.Security.Claims;

namespace Darkroom.Worker.Access;

/// <summary>What a key or a signed link says about who calls.</summary>
internal static class Caller
{
    public const string ProjectClaim = "project", ScopeClaim = "scope", KeyClaim = "key";

    /// <summary>The scope of a good signed link, which opens its own path and belongs to no project.</summary>
    public const string LinkScope = "link";

    public static ClaimsPrincipal From(KeyHolder holder, string scheme) => new(new ClaimsIdentity(
        [new(ClaimTypes.Name, holder.Name), new(KeyClaim, holder.KeyId.ToString()), new(ProjectClaim, holder.ProjectId.ToString()),
            .. holder.Scopes.Select(s => new Claim(ScopeClaim, s))], scheme));

    /// <summary>A person without a key.</summary>
    public static ClaimsPrincipal Of(string name, Guid projectId, string[] scopes, string scheme) => new(new ClaimsIdentity(
        [new(ClaimTypes.Name, name), new(ProjectClaim, projectId.ToString()), .. scopes.Select(s => new Claim(ScopeClaim, s))], scheme));

    public static ClaimsPrincipal OfLink(string scheme) => new(new ClaimsIdentity([new(ScopeClaim, LinkScope)], scheme));

    public static ClaimsPrincipal OfScrape(string scheme) => new(new ClaimsIdentity([new(ScopeClaim, Scopes.Metrics)], scheme));

    /// <summary>The project whose rows the caller may see, and no other; admin keys too are of one project.</summary>
    public static Guid ProjectId(this ClaimsPrincipal user) => Guid.Parse(user.FindFirstValue(ProjectClaim)!);

    /// <summary>The key that calls; null where none does.</summary>
    public static Guid? KeyId(this ClaimsPrincipal user) => Guid.TryParse(user.FindFirstValue(KeyClaim), out var key) ? key : null;

    public static bool IsLink(this ClaimsPrincipal user) => user.HasClaim(ScopeClaim, LinkScope);
}
