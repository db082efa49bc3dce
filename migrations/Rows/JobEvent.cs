namespace Darkroom.Migrations.Rows;

/// <summary>
/// One change of a job's state, written in its own transaction, whose number says which snapshots see it: the reader takes what it sees and its
/// last reading did not, and skips nothing that commits late.
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
