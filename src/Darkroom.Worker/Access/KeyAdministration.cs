using System.Text.Json.Nodes;
using Darkroom.Migrations;
using Darkroom.Migrations.Rows;
using Darkroom.Worker.Api;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Access;

/// <summary>Makes projects and keys, and revokes keys, for administrators; each leaves an entry in the audit log.</summary>
internal sealed class KeyAdministration(IDbContextFactory<DarkroomDb> databases, TimeProvider clock)
{
    public async Task<(Guid Id, KeyRefusal Refusal)> AddProjectAsync(string name, Actor by, CancellationToken ct)
    {
        if (!NewKey.IsName(name))
            return (default, KeyRefusal.BadName);
        var id = Guid.CreateVersion7(clock.GetUtcNow());
        await using var db = await databases.CreateDbContextAsync(ct);
        var made = await AuditLog.ChangeAsync(
            db, new(by, "project.created", WireId.Project.Format(id), new() { ["name"] = name }), $"""
            INSERT INTO darkroom.projects (id, name, created_at, last_turn) VALUES ({id}, {name}, darkroom.now(), 0)
            ON CONFLICT (name) DO NOTHING
            """, ct);
        return made > 0 ? (id, KeyRefusal.None) : (default, KeyRefusal.NameTaken);
    }

    /// <returns>The key itself, which is shown this once: only its hash is stored.</returns>
    public async Task<(Guid Id, string? Key, KeyRefusal Refusal)> AddKeyAsync(NewKey asked, Actor by, CancellationToken ct)
    {
        if (asked.Judge(clock.GetUtcNow()).FirstOrDefault() is not KeyRefusal.None and var refusal)
            return (default, null, refusal);
        var (id, key) = (Guid.CreateVersion7(clock.GetUtcNow()), ApiKeyText.Create());
        await using var db = await databases.CreateDbContextAsync(ct);
        var made = await AuditLog.ChangeAsync(db, new(by, "api_key.created", WireId.Key.Format(id), Detail(asked)), $"""
            INSERT INTO darkroom.api_keys
                (id, project_id, name, sha256, hint, scopes, created_at, expires_at, requests_per_minute, max_body_bytes)
            SELECT {id}, id, {asked.Name}, {ApiKeyText.Sha256(key)}, {ApiKeyText.Hint(key)}, {asked.Scopes}, darkroom.now(),
                {asked.ExpiresAt?.ToUniversalTime()}::timestamptz, {asked.RequestsPerMinute}::int, {asked.MaxBodyBytes}::bigint
            FROM darkroom.projects WHERE id = {asked.ProjectId}
            """, ct);
        return made > 0 ? (id, key, KeyRefusal.None) : (default, null, KeyRefusal.NoProject);
    }

    /// <summary>It stops working within a second on every node, and the sessions it opened end with it.</summary>
    /// <returns>False where there is none, or it was revoked before.</returns>
    public async Task<bool> RevokeAsync(Guid keyId, Actor by, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        var name = await db.ApiKeys.Where(k => k.Id == keyId).Select(k => k.Name).SingleOrDefaultAsync(ct);
        return await AuditLog.ChangeAsync(db, new(by, "api_key.revoked", WireId.Key.Format(keyId), new() { ["name"] = name }), $"""
            UPDATE darkroom.api_keys SET revoked_at = darkroom.now() WHERE id = {keyId} AND revoked_at IS NULL
            """, ct) > 0;
    }

    public async Task<(List<Project> Projects, List<ApiKey> Keys)> ReadAsync(CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        return (
            await db.Projects.AsNoTracking().OrderBy(p => p.Name).ToListAsync(ct),
            await db.ApiKeys.AsNoTracking().OrderBy(k => k.RevokedAt != null).ThenByDescending(k => k.CreatedAt).Take(500).ToListAsync(ct));
    }

    static JsonObject Detail(NewKey key) => new()
    {
        ["name"] = key.Name,
        ["project_id"] = WireId.Project.Format(key.ProjectId),
        ["scopes"] = new JsonArray([.. key.Scopes.Select(s => JsonValue.Create(s))]),
        ["expires_at"] = key.ExpiresAt,
        ["requests_per_minute"] = key.RequestsPerMinute,
        ["max_body_bytes"] = key.MaxBodyBytes,
    };
}
