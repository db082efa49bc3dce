using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Access;

/// <summary>People sign in to the dashboard at an OpenID Connect provider, beside keys; <c>Darkroom:Dashboard:OpenIdConnect</c>.</summary>
internal sealed class OpenIdConnectSettings
{
    public const string Section = "Darkroom:Dashboard:OpenIdConnect";
    public const int LongestName = 50;

    /// <summary>The provider: an https URL, below which <c>/.well-known/openid-configuration</c> is found. Null, the default: no such sign-in.</summary>
    public string? Authority { get; set; }

    /// <summary>As registered at the provider, with the redirect URI <c>{PublicUrl}/sign-in/provider/callback</c>. Required.</summary>
    public string? ClientId { get; set; }

    /// <summary>Null, the default, for a public client; the code is bound by PKCE either way. Never stored, logged or shown.</summary>
    public string? ClientSecret { get; set; }

    /// <summary>What the button says after "Sign in with". Default "single sign-on", 1 to 50 characters.</summary>
    public string Name { get; set; } = "single sign-on";

    /// <summary>What the provider is asked for beside <c>openid</c>. Default <c>profile</c>; some providers need one more to tell roles.</summary>
    public string[]? Scopes { get; set; }

    /// <summary>The claim, of the ID token or of the user-info endpoint, with the name that people see. Default <c>name</c>.</summary>
    public string NameClaim { get; set; } = "name";

    /// <summary>The claim, of either, with a person's roles or groups: one or several values. Default <c>roles</c>.</summary>
    public string RoleClaim { get; set; } = "roles";

    /// <summary>What roles open. The first that a person has counts; without one they are refused.</summary>
    public RoleGrant[] Grants { get; set; } = [];

    /// <summary>
    /// How long the provider's word about a person is good: then their session ends, open pages too. Default 8 hours, 5 minutes to 7 days.
    /// </summary>
    public TimeSpan SessionLifetime { get; set; } = TimeSpan.FromHours(8);

    /// <summary>
    /// A page opened so long after the provider's last word first asks it again, unseen: who was signed out there, or lost a role, is here too.
    /// Default 15 minutes, 1 minute to <see cref="SessionLifetime"/>.
    /// </summary>
    public TimeSpan RecheckAfter { get; set; } = TimeSpan.FromMinutes(15);

    public bool Enabled => Authority is { Length: > 0 };

    public RoleGrant? GrantOf(IReadOnlyCollection<string> roles) => Array.Find(Grants, grant => grant.Role == RoleGrant.Everyone || roles.Contains(grant.Role));
}

/// <summary>One role at the provider, and what it opens.</summary>
internal sealed class RoleGrant
{
    /// <summary>A role that everyone has who signs in there.</summary>
    public const string Everyone = "*";

    /// <summary>A value of the claim; <c>*</c> for everyone.</summary>
    public string Role { get; set; } = "";

    /// <summary>The name of the project whose work they see.</summary>
    public string Project { get; set; } = "default";

    /// <summary><c>read</c>; <c>submit</c>, which also cancels and retries; or <c>admin</c>, which does everything.</summary>
    public string May { get; set; } = "";

    public string[] Scopes => May == Access.Scopes.Submit ? [Access.Scopes.Read, Access.Scopes.Submit] : [May];
}

internal sealed class OpenIdConnectRules : IValidateOptions<OpenIdConnectSettings>
{
    static readonly TimeSpan ShortestSession = TimeSpan.FromMinutes(5), LongestSession = TimeSpan.FromDays(7), ShortestRecheck = TimeSpan.FromMinutes(1);

    public ValidateOptionsResult Validate(string? name, OpenIdConnectSettings options)
    {
        var mistakes = new List<string>();
        void Require(bool holds, string key, string rule)
        {
            if (!holds)
                mistakes.Add($"{OpenIdConnectSettings.Section}:{key} must be {rule}.");
        }

        if (!options.Enabled)
        {
            Require(string.IsNullOrEmpty(options.ClientId) && options.Grants is [], nameof(options.Authority), "the provider's URL where ClientId or Grants are given");
            return mistakes is [] ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(mistakes);
        }
        Require(
            Uri.TryCreate(options.Authority, UriKind.Absolute, out var url) && url is { Query: "", Fragment: "", UserInfo: "" }
                && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback)),
            nameof(options.Authority), $"an https URL (http only on this machine) without user, query or fragment, not '{options.Authority}'");
        Require(!string.IsNullOrWhiteSpace(options.ClientId), nameof(options.ClientId), "the client id registered at the provider");
        Require(
            options.Name.Trim().Length is > 0 and <= OpenIdConnectSettings.LongestName && !options.Name.Any(char.IsControl),
            nameof(options.Name), $"1 to {OpenIdConnectSettings.LongestName} characters on one line");
        foreach (var scope in options.Scopes ?? [])
            Require(scope.Length > 0 && !scope.Any(char.IsWhiteSpace), nameof(options.Scopes), $"scopes without spaces, not '{scope}'");
        Require(!string.IsNullOrWhiteSpace(options.NameClaim), nameof(options.NameClaim), "the name of a claim");
        Require(!string.IsNullOrWhiteSpace(options.RoleClaim), nameof(options.RoleClaim), "the name of a claim");
        Require(options.Grants is not [], nameof(options.Grants), "at least one role and what it may: without one nobody could sign in");
        for (var i = 0; i < options.Grants.Length; i++)
        {
            var grant = options.Grants[i];
            Require(grant.Role.Length > 0, $"{nameof(options.Grants)}:{i}:{nameof(grant.Role)}", "a role at the provider, or * for everyone");
            Require(NewKey.IsName(grant.Project), $"{nameof(options.Grants)}:{i}:{nameof(grant.Project)}", "the name of a project");
            Require(
                grant.May is Scopes.Read or Scopes.Submit or Scopes.Admin, $"{nameof(options.Grants)}:{i}:{nameof(grant.May)}",
                $"read, submit or admin, not '{grant.May}'");
        }
        Require(
            options.SessionLifetime >= ShortestSession && options.SessionLifetime <= LongestSession, nameof(options.SessionLifetime),
            $"5 minutes to 7 days, not {options.SessionLifetime}");
        Require(
            options.RecheckAfter >= ShortestRecheck && options.RecheckAfter <= options.SessionLifetime, nameof(options.RecheckAfter),
            $"1 minute to {nameof(options.SessionLifetime)}, not {options.RecheckAfter}");
        return mistakes is [] ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(mistakes);
    }
}
