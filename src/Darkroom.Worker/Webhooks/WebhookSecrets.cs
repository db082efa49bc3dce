using System.Security.Cryptography;
using System.Text;
using Darkroom.Migrations;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Webhooks;

/// <summary>Secrets and signatures by Standard Webhooks 1.0.0. Rows hold secrets encrypted, with keys that every node has.</summary>
internal sealed class WebhookSecrets(IDbContextFactory<DarkroomDb> databases, IDataProtectionProvider protection)
{
    const string Prefix = "whsec_";
    const int Bytes = 32;

    readonly IDataProtector protector = protection.CreateProtector("darkroom.webhooks");

    /// <returns>What the row keeps, and what its owner is shown.</returns>
    public (byte[] Protected, string Shown) Create()
    {
        var secret = RandomNumberGenerator.GetBytes(Bytes);
        return (protector.Protect(secret), Shown(secret));
    }

    /// <summary><c>v1,</c> and the HMAC-SHA256 of id, time and body, for each secret one, separated by spaces.</summary>
    public string Sign(IEnumerable<byte[]> secrets, string id, long timestamp, string body)
    {
        var signed = Encoding.UTF8.GetBytes($"{id}.{timestamp}.{body}");
        return string.Join(' ', secrets.Select(secret => "v1," + Convert.ToBase64String(HMACSHA256.HashData(protector.Unprotect(secret), signed))));
    }

    /// <summary>The secret that signs deliveries to URLs which jobs and batches of the project name themselves; made when first asked for.</summary>
    public async Task<string> OwnAsync(Guid projectId, CancellationToken ct) => Shown(protector.Unprotect(await EnsureOwnAsync(projectId, ct)));

    public async Task<byte[]> EnsureOwnAsync(Guid projectId, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        if (await db.WebhookEndpoints.Where(e => e.ProjectId == projectId && e.Url == null).Select(e => e.Secret).SingleOrDefaultAsync(ct) is { } known)
            return known;
        await db.Database.ExecuteSqlAsync($"""
            INSERT INTO darkroom.webhook_endpoints (id, project_id, events, secret, created_at)
            VALUES ({Guid.CreateVersion7()}, {projectId}, {Array.Empty<string>()}, {Create().Protected}, darkroom.now())
            ON CONFLICT (project_id) WHERE url IS NULL DO NOTHING
            """, ct);
        return await db.WebhookEndpoints.Where(e => e.ProjectId == projectId && e.Url == null).Select(e => e.Secret).SingleAsync(ct);
    }

    static string Shown(byte[] secret) => Prefix + Convert.ToBase64String(secret);
}
