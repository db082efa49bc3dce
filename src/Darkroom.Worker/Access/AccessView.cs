using System.Text.Json;
using Darkroom.Worker.Api;
using Row = Darkroom.Migrations.Rows;
using Wire = Darkroom.Client;

namespace Darkroom.Worker.Access;

/// <summary>Shows rows as the API tells them.</summary>
internal static class AccessView
{
    public static Wire.Project Of(Row.Project row) => new() { Id = WireId.Project.Format(row.Id), Name = row.Name, CreatedAt = row.CreatedAt };

    /// <param name="now">The database's time.</param>
    /// <param name="key">Only for the answer that makes it.</param>
    public static Wire.ApiKey Of(Row.ApiKey row, DateTimeOffset now, string? key = null) => new()
    {
        Id = WireId.Key.Format(row.Id),
        ProjectId = WireId.Project.Format(row.ProjectId),
        Name = row.Name,
        Hint = row.Hint,
        Scopes = row.Scopes,
        Status = StatusOf(row, now),
        RequestsPerMinute = row.RequestsPerMinute,
        MaxBodyBytes = row.MaxBodyBytes,
        CreatedAt = row.CreatedAt,
        ExpiresAt = row.ExpiresAt,
        RevokedAt = row.RevokedAt,
        LastUsedAt = row.LastUsedAt,
        Key = key,
    };

    public static string StatusOf(Row.ApiKey row, DateTimeOffset now) =>
        row.RevokedAt is not null ? KeyStatus.Revoked : row.ExpiresAt <= now ? KeyStatus.Expired : KeyStatus.Active;

    public static Wire.AuditEntry Of(Row.AuditEntry row) => new()
    {
        Id = WireId.Audit.Format(row.Id),
        CreatedAt = row.CreatedAt,
        Action = row.Action,
        Target = row.Target,
        Actor = row.Actor,
        KeyId = row.KeyId is { } key ? WireId.Key.Format(key) : null,
        ProjectId = row.ProjectId is { } project ? WireId.Project.Format(project) : null,
        Address = row.Address,
        Detail = row.Detail is { } detail ? JsonElement.Parse(detail) : null,
    };
}

/// <summary>Whether a key opens anything.</summary>
internal static class KeyStatus
{
    public const string Active = "active", Expired = "expired", Revoked = "revoked";

    public static readonly string[] All = [Active, Expired, Revoked];
}
