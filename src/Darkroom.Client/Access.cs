using System.Text.Json;
using System.Text.Json.Serialization;

namespace Darkroom.Client;

/// <summary>What keys belong to. A key sees the jobs, batches, files and webhooks of its own project and of no other.</summary>
public sealed record Project
{
    /// <summary><c>proj_</c> and 32 hexadecimal digits.</summary>
    public required string Id { get; init; }

    /// <summary>Always <c>project</c>.</summary>
    public string Object { get; init; } = "project";

    /// <summary>1 to 100 characters on one line, unique.</summary>
    public required string Name { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>The body that makes a project.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record CreateProject
{
    /// <summary>1 to 100 characters on one line, not yet taken.</summary>
    public string? Name { get; init; }
}

/// <summary>An API key, known by its hash.</summary>
public sealed record ApiKey
{
    /// <summary><c>key_</c> and 32 hexadecimal digits; not the key itself.</summary>
    public required string Id { get; init; }

    /// <summary>Always <c>api_key</c>.</summary>
    public string Object { get; init; } = "api_key";
    public required string ProjectId { get; init; }
    public required string Name { get; init; }

    /// <summary>The key's last four characters.</summary>
    public required string Hint { get; init; }

    /// <summary>Of <c>submit</c>, <c>read</c> and <c>admin</c>, which includes the others.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary><c>active</c>, <c>expired</c> or <c>revoked</c>.</summary>
    public required string Status { get; init; }

    /// <summary>Requests that each node takes from it in a minute; null where the server's default applies.</summary>
    public int? RequestsPerMinute { get; init; }

    /// <summary>Of one request; null where the server's default applies.</summary>
    public long? MaxBodyBytes { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Null for never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>To the minute; null where it was never used.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>The key itself, <c>dk_</c> and 43 characters. Only in the answer that makes it, and never again.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Key { get; init; }
}

/// <summary>The body that makes a key.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record CreateApiKey
{
    /// <summary>Who or what uses it: 1 to 100 characters on one line.</summary>
    public string? Name { get; init; }

    /// <summary>The caller's own project if left out.</summary>
    public string? ProjectId { get; init; }

    /// <summary>Some of <c>submit</c>, <c>read</c> and <c>admin</c>; the first two if left out.</summary>
    public string[]? Scopes { get; init; }

    /// <summary>RFC 3339, in the future; never if left out.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>1 to 1,000,000 requests, on each node; the server's default if left out.</summary>
    public int? RequestsPerMinute { get; init; }

    /// <summary>1 KB (1024) or more; the server's default if left out. Calls have their own limits beside it.</summary>
    public long? MaxBodyBytes { get; init; }
}

/// <summary>One administrative action.</summary>
public sealed record AuditEntry
{
    /// <summary><c>aud_</c> and 32 hexadecimal digits.</summary>
    public required string Id { get; init; }

    /// <summary>Always <c>audit_entry</c>.</summary>
    public string Object { get; init; } = "audit_entry";
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Such as <c>api_key.revoked</c>.</summary>
    public required string Action { get; init; }

    /// <summary>What it was done to: an id, or an endpoint's name.</summary>
    public required string Target { get; init; }

    /// <summary>The name of the key or person that acted.</summary>
    public required string Actor { get; init; }

    /// <summary>Null where no key acted.</summary>
    public string? KeyId { get; init; }

    /// <summary>The actor's project.</summary>
    public string? ProjectId { get; init; }

    /// <summary>The address it came from; null where nobody called.</summary>
    public string? Address { get; init; }

    /// <summary>An object with more about it.</summary>
    [JsonConverter(typeof(RawJson))]
    public JsonElement? Detail { get; init; }
}
