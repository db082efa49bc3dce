namespace Darkroom.Migrations.Rows;

public sealed class Project
{
    public Guid Id { get; init; }
    public required string Name { get; init; }
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When admission last took one of its jobs: the round-robin between projects.</summary>
    public long LastTurn { get; init; }
}

/// <summary>An API key. Only its SHA-256 is stored: the keys are random, so a slow hash would add cost and no safety.</summary>
public sealed class ApiKey
{
    public Guid Id { get; init; }
    public Guid ProjectId { get; init; }
    public required string Name { get; init; }
    public required byte[] Sha256 { get; init; }

    /// <summary>The last four characters, to tell keys apart.</summary>
    public required string Hint { get; init; }

    /// <summary>Of <c>submit</c>, <c>read</c>, <c>admin</c>.</summary>
    public required string[] Scopes { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? ExpiresAt { get; init; }
    public DateTimeOffset? RevokedAt { get; init; }
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>Requests a minute that each node takes from this key; null for no limit of its own.</summary>
    public int? RequestsPerMinute { get; init; }

    /// <summary>Bytes of one request's body; null for no limit of its own.</summary>
    public long? MaxBodyBytes { get; init; }
}

/// <summary>Remembers for 24 hours which submission an <c>Idempotency-Key</c> led to.</summary>
public sealed class IdempotencyKey
{
    public Guid ProjectId { get; init; }
    public required string Key { get; init; }

    /// <summary>Of the canonical body: the same request in another spelling is the same request.</summary>
    public required byte[] BodySha256 { get; init; }

    /// <summary>What it led to: a job or a batch.</summary>
    public Guid? JobId { get; init; }
    public Guid? BatchId { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
}

/// <summary>What all nodes must know and nobody else may: random bytes made by the first node that needs them.</summary>
public sealed class Secret
{
    /// <summary>What it is for, such as <c>signed-links</c>.</summary>
    public required string Name { get; init; }
    public required byte[] Value { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
}
