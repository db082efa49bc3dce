namespace Darkroom.Migrations.Rows;

/// <summary>
/// One change of a job's state, written in its own transaction. Ordered by (<see cref="Xid"/>, <see cref="Id"/>) and read only where the
/// transaction is older than every running one (<c>pg_snapshot_xmin</c>), so that a cursor skips nothing that commits late.
/// </summary>
public sealed class JobEvent
{
    /// <summary>The transaction that wrote it.</summary>
    public ulong Xid { get; init; }
    public long Id { get; init; }
    public Guid JobId { get; init; }
    public Guid? BatchId { get; init; }

    /// <summary>What the job became.</summary>
    public required string Status { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
}
