using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Darkroom.Migrations;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Access;

/// <summary>
/// Links that open one path without a key until they expire: <c>{path}?exp={Unix seconds}&amp;sig={HMAC-SHA256 of path and exp}</c>. The
/// secret is a row that the first node makes, so that every node honours every node's links.
/// </summary>
internal sealed class SignedLinks(IDbContextFactory<DarkroomDb> databases, TimeProvider time)
{
    /// <summary>How long links in webhooks and batch outputs last.</summary>
    public static readonly TimeSpan DefaultLifetime = TimeSpan.FromDays(7);

    const string SecretName = "signed-links";

    const string Wrong = "The signature of this link is wrong. Copy the whole link.";

    byte[]? secret;

    /// <param name="path">From the root, as it is sent, for example <c>/v1/jobs/job_.../images/0</c>.</param>
    /// <returns>The path with its query. <see cref="Api.Links"/> puts an origin in front.</returns>
    public async ValueTask<string> CreateAsync(string path, TimeSpan lifetime, CancellationToken ct)
    {
        var expires = (time.GetUtcNow() + lifetime).ToUnixTimeSeconds();
        return $"{path}?exp={expires}&sig={Base64Url.EncodeToString(await SignAsync(path, expires, ct))}";
    }

    /// <summary>Null where the link is good, else why not.</summary>
    public async ValueTask<string?> RefuseAsync(string path, string? exp, string? sig, CancellationToken ct)
    {
        var given = new byte[SHA256.HashSizeInBytes];
        if (!long.TryParse(exp, NumberStyles.None, CultureInfo.InvariantCulture, out var expires)
            || !Base64Url.IsValid(sig)
            || !Base64Url.TryDecodeFromChars(sig, given, out var length)
            || length != given.Length)
            return Wrong;
        var right = await SignAsync(path, expires, ct);
        if (!CryptographicOperations.FixedTimeEquals(given, right))
            return Wrong;
        return expires <= time.GetUtcNow().ToUnixTimeSeconds() ? "This link has expired. Ask for the job again to get a new one." : null;
    }

    async ValueTask<byte[]> SignAsync(string path, long expires, CancellationToken ct) =>
        HMACSHA256.HashData(secret ??= await LoadSecretAsync(ct), Encoding.UTF8.GetBytes($"{path}\n{expires}"));

    async Task<byte[]> LoadSecretAsync(CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        await db.Database.ExecuteSqlAsync($"""
            INSERT INTO darkroom.secrets (name, value, created_at)
            VALUES ({SecretName}, {RandomNumberGenerator.GetBytes(32)}, darkroom.now()) ON CONFLICT DO NOTHING
            """, ct);
        return await db.Secrets.Where(s => s.Name == SecretName).Select(s => s.Value).SingleAsync(ct);
    }
}
