using Darkroom.Migrations;
using Darkroom.Migrations.Rows;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Access;

/// <summary>Why a project or key was not made.</summary>
internal enum KeyRefusal { None, BadName, NameTaken, NoProject, NoScope }

/// <summary>Makes projects and keys, and revokes keys, for administrators.</summary>
internal sealed class KeyAdministration(IDbContextFactory<DarkroomDb> databases)
{
    public const int LongestName = 100;

    public async Task<KeyRefusal> AddProjectAsync(string name, CancellationToken ct)
    {
        if (!IsName(name))
            return KeyRefusal.BadName;
        await using var db = await databases.CreateDbContextAsync(ct);
        return await db.Database.ExecuteSqlAsync($"""
            INSERT INTO darkroom.projects (id, name, created_at, last_turn) VALUES ({Guid.CreateVersion7()}, {name}, darkroom.now(), 0)
            ON CONFLICT (name) DO NOTHING
            """, ct) > 0 ? KeyRefusal.None : KeyRefusal.NameTaken;
    }

    /// <returns>The key itself, which is shown this once: only its hash is stored.</returns>
    public async Task<(string? Key, KeyRefusal Refusal)> AddKeyAsync(Guid projectId, string name, string[] scopes, CancellationToken ct)
    {
        if (!IsName(name))
            return (null, KeyRefusal.BadName);
        if (scopes is [] || scopes.Except([Scopes.Submit, Scopes.Read, Scopes.Admin]).Any())
            return (null, KeyRefusal.NoScope);
        var key = ApiKeyText.Create();
        await using var db = await databases.CreateDbContextAsync(ct);
        var added = await db.Database.ExecuteSqlAsync($"""
            INSERT INTO darkroom.api_keys (id, project_id, name, sha256, hint, scopes, created_at)
            SELECT {Guid.CreateVersion7()}, id, {name}, {ApiKeyText.Sha256(key)}, {ApiKeyText.Hint(key)}, {scopes}, darkroom.now()
            FROM darkroom.projects WHERE id = {projectId}
            """, ct);
        return added > 0 ? (key, KeyRefusal.None) : (null, KeyRefusal.NoProject);
    }

    /// <summary>It stops working within a second on every node, and the sessions it opened end with it.</summary>
    public async Task<bool> RevokeAsync(Guid keyId, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        return await db.ApiKeys.Where(k => k.Id == keyId && k.RevokedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(k => k.RevokedAt, k => DarkroomDb.Now()), ct) > 0;
    }

    public async Task<(List<Project> Projects, List<ApiKey> Keys)> ReadAsync(CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        return (
            await db.Projects.AsNoTracking().OrderBy(p => p.Name).ToListAsync(ct),
            await db.ApiKeys.AsNoTracking().OrderBy(k => k.RevokedAt != null).ThenByDescending(k => k.CreatedAt).Take(500).ToListAsync(ct));
    }

    static bool IsName(string name) => name.Length is > 0 and <= LongestName && !name.Any(char.IsControl);
}
