namespace Darkroom.Migrations.Rows;

/// <summary>One administrative action: who did what to what, and when.</summary>
public sealed class AuditEntry
{
    public Guid Id { get; init; }
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>The key that acted; null where a person signed in without one.</summary>
    public Guid? KeyId { get; init; }

    /// <summary>The key's name, or the person's.</summary>
    public required string Actor { get; init; }
    public Guid? ProjectId { get; init; }

    /// <summary>The address it came from; null where nobody called.</summary>
    public string? Address { get; init; }

    /// <summary>Such as <c>api_key.revoked</c>.</summary>
    public required string Action { get; init; }

    /// <summary>What it was done to: an id or a name.</summary>
    public required string Target { get; init; }

    /// <summary>More about it, as JSON; never a secret.</summary>
    public string? Detail { get; init; }
}
