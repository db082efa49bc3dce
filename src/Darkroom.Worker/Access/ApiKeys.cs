using System.Collections.Concurrent;
using Darkroom.Migrations;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Access;

/// <summary>Who a key belongs to, and what it may do.</summary>
/// <param name="Sha256">Of the key, by which it is looked up.</param>
internal sealed record KeyHolder(Guid KeyId, byte[] Sha256, string Name, Guid ProjectId, string[] Scopes, int? RequestsPerMinute, long? MaxBodyBytes);

/// <summary>
/// Looks keys up by their hash. A found key is remembered for a second, so that a revoked one stops working within a second on every node
/// without anyone telling them; an unknown one is not remembered, so that guesses cannot fill the memory.
/// </summary>
internal sealed class ApiKeys(IDbContextFactory<DarkroomDb> databases, KeyUse use, TimeProvider time)
{
    static readonly TimeSpan Remembered = TimeSpan.FromSeconds(1);

    readonly ConcurrentDictionary<string, (KeyHolder Holder, long At)> known = new(StringComparer.Ordinal);

    public Task<KeyHolder?> FindAsync(string key, CancellationToken ct) => FindAsync(ApiKeyText.Sha256(key), ct);

    /// <param name="hash">SHA-256 of the key, which is all that a session keeps of it.</param>
    public async Task<KeyHolder?> FindAsync(byte[] hash, CancellationToken ct)
    {
        var name = Convert.ToHexString(hash);
        if (known.TryGetValue(name, out var entry) && time.GetElapsedTime(entry.At) < Remembered)
            return entry.Holder;

        var asked = time.GetTimestamp();
        await using var db = await databases.CreateDbContextAsync(ct);
        var holder = await db.ApiKeys.FromSql($"""
            SELECT * FROM darkroom.api_keys
            WHERE sha256 = {hash} AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > darkroom.now())
            """)
            .Select(k => new KeyHolder(k.Id, k.Sha256, k.Name, k.ProjectId, k.Scopes, k.RequestsPerMinute, k.MaxBodyBytes)).SingleOrDefaultAsync(ct);
        if (holder is null)
        {
            known.TryRemove(name, out _);
            return null;
        }
        known[name] = (holder, asked);
        use.Note(holder.KeyId);
        return holder;
    }
}
