using Darkroom.Migrations;
using Darkroom.Worker.Api;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Access;

/// <summary>Makes the configured admin key exist, after migration and before the first request.</summary>
internal sealed class BootstrapKey(IOptions<AuthOptions> options, IDbContextFactory<DarkroomDb> databases)
{
    /// <summary>One row for ever: a new key takes the place of the former, which is then unknown.</summary>
    static readonly Guid KeyId = new("00000000-0000-7000-8000-000000000001");
    static readonly Guid ProjectId = new("00000000-0000-7000-8000-000000000000");
    static readonly string[] Everything = [Scopes.Admin];

    public async Task EnsureAsync(CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        await db.Database.ExecuteSqlAsync($"""
            INSERT INTO darkroom.projects (id, name, created_at, last_turn) VALUES ({ProjectId}, 'default', darkroom.now(), 0)
            ON CONFLICT DO NOTHING
            """, ct);
        if (options.Value.BootstrapKey is not { Length: > 0 } key)
            return;
        var hash = ApiKeyText.Sha256(key);
        var action = new AuditedAction(Actor.Configuration, "api_key.created", WireId.Key.Format(KeyId), new() { ["name"] = "bootstrap" });
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await db.Database.ExecuteSqlAsync($"""
            -- One node at a time: ON CONFLICT watches the id alone, and the hash is unique too.
            SELECT FROM darkroom.projects WHERE name = 'default' FOR UPDATE;
            -- A key that was made here before becomes the bootstrap key: a hash has one row.
            DELETE FROM darkroom.api_keys WHERE sha256 = {hash} AND id <> {KeyId};
            """, ct);
        var changed = await db.Database.ExecuteSqlAsync($"""
            INSERT INTO darkroom.api_keys AS k (id, project_id, name, sha256, hint, scopes, created_at)
            SELECT {KeyId}, id, 'bootstrap', {hash}, {ApiKeyText.Hint(key)}, {Everything}, darkroom.now()
            FROM darkroom.projects WHERE name = 'default'
            ON CONFLICT (id) DO UPDATE
            SET sha256 = excluded.sha256, hint = excluded.hint, scopes = excluded.scopes, revoked_at = NULL, expires_at = NULL
            WHERE k.sha256 <> excluded.sha256 OR k.revoked_at IS NOT NULL
            """, ct);
        if (changed > 0)
            await AuditLog.WriteAsync(db, action, ct);
        await transaction.CommitAsync(ct);
    }
}
