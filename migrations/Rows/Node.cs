namespace Darkroom.Migrations.Rows;

/// <summary>One worker process. A restart is a new node.</summary>
public sealed class Node
{
    public Guid Id { get; init; }
    public required string Name { get; init; }
    public DateTimeOffset StartedAt { get; init; }
    public DateTimeOffset HeartbeatAt { get; init; }
    public int Slots { get; init; }

    /// <summary>False while it takes no new work: stopping, store failing, disk low.</summary>
    public bool Accepting { get; init; }
    public string? NotAcceptingReason { get; init; }

    /// <summary>Set when it stopped by itself, or was judged dead by another.</summary>
    public DateTimeOffset? EndedAt { get; init; }
    public bool Lost { get; init; }
}

/// <summary>Work that one node at a time does for the cluster. Held until <see cref="Until"/>, renewed while in use.</summary>
public sealed class Lease
{
    public required string Name { get; init; }
    public Guid? NodeId { get; init; }
    public DateTimeOffset Until { get; init; }
}
