using System.Security.Claims;
using Darkroom.Migrations;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Access;

/// <summary>
/// What a session opens now. A key is looked up as any key is, so that revoking it ends its sessions within a second on every node. A
/// person's roles are held against the present configuration, for as long as the provider's word is good.
/// </summary>
internal sealed class SessionCheck(ApiKeys keys, IDbContextFactory<DarkroomDb> databases, IOptions<OpenIdConnectSettings> settings, TimeProvider clock)
{
    /// <returns>Who the session belongs to; null where it opens nothing any more.</returns>
    public async Task<ClaimsPrincipal?> OpenAsync(SessionBasis basis, CancellationToken ct)
    {
        var opened = basis.Person is { } person ? await OpenAsync(person, ct) : await OpenAsync(Convert.FromHexString(basis.KeySha256!), ct);
        ((ClaimsIdentity?)opened?.Identity)?.AddClaims(basis.Claims);
        return opened;
    }

    async Task<ClaimsPrincipal?> OpenAsync(byte[] keySha256, CancellationToken ct) =>
        await keys.FindAsync(keySha256, ct) is { } holder ? Caller.From(holder, Sessions.Scheme) : null;

    async Task<ClaimsPrincipal?> OpenAsync(NamedPerson person, CancellationToken ct)
    {
        if (!settings.Value.Enabled || person.ConfirmedAt + settings.Value.SessionLifetime <= clock.GetUtcNow())
            return null;
        if (settings.Value.GrantOf(person.Roles) is not { } grant)
            return null;
        await using var db = await databases.CreateDbContextAsync(ct);
        var project = await db.Projects.Where(p => p.Name == grant.Project).Select(p => (Guid?)p.Id).SingleOrDefaultAsync(ct);
        return project is null ? null : Caller.Of(person.Name, project.Value, grant.Scopes, Sessions.Scheme);
    }

    /// <summary>The provider's word is old enough to be asked for again.</summary>
    public bool IsStale(SessionBasis basis) => basis.Person is { } person && person.ConfirmedAt + settings.Value.RecheckAfter <= clock.GetUtcNow();
}
