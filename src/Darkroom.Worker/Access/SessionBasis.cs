using System.Globalization;
using System.Security.Claims;

namespace Darkroom.Worker.Access;

/// <summary>What a session stands on; it is all that the cookie says. What that opens is found out anew at every request.</summary>
/// <param name="KeySha256">Of the key that opened it, in hexadecimal digits; null where a provider did.</param>
/// <param name="Person">Whom the provider named; null where a key did.</param>
public sealed record SessionBasis(string? KeySha256, NamedPerson? Person)
{
    const string KeyClaim = "key_sha256", SubjectClaim = "sub", NameClaim = "person_name", RoleClaim = "role", ConfirmedClaim = "confirmed_at";

    /// <summary>Null for a cookie that says neither.</summary>
    internal static SessionBasis? Of(ClaimsPrincipal principal) =>
        principal.FindFirstValue(KeyClaim) is { } key ? new(key, null)
        : principal.FindFirstValue(SubjectClaim) is { } subject && long.TryParse(principal.FindFirstValue(ConfirmedClaim), CultureInfo.InvariantCulture, out var confirmed)
            ? new(null, new(
                subject, principal.FindFirstValue(NameClaim) ?? subject, [.. principal.FindAll(RoleClaim).Select(c => c.Value)],
                DateTimeOffset.FromUnixTimeSeconds(confirmed)))
        : null;

    internal IEnumerable<Claim> Claims => Person is null
        ? [new(KeyClaim, KeySha256!)]
        :
        [
            new(SubjectClaim, Person.Subject), new(NameClaim, Person.Name),
            new(ConfirmedClaim, Person.ConfirmedAt.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)),
            .. Person.Roles.Select(role => new Claim(RoleClaim, role)),
        ];
}

/// <summary>A person as an OpenID Connect provider named them.</summary>
/// <param name="Subject">The provider's name for them, for ever.</param>
/// <param name="Name">For people.</param>
/// <param name="Roles">Those that the configuration knows.</param>
/// <param name="ConfirmedAt">When the provider last said so.</param>
public sealed record NamedPerson(string Subject, string Name, string[] Roles, DateTimeOffset ConfirmedAt);
