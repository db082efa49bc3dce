using Npgsql;

namespace Darkroom.Worker.Events;

/// <summary>
/// A database that was restored into another server holds transaction numbers that this server may not have reached: their events would look
/// new at every reading, for months. At each start they are made old. Numbers of running transactions are safe: their rows are not seen yet.
/// </summary>
internal sealed class RestoredEvents(NpgsqlDataSource postgres)
{
    public async Task SettleAsync(CancellationToken ct)
    {
        await using var settle = postgres.CreateCommand(
            "UPDATE darkroom.job_events SET xid = '0' WHERE xid >= pg_snapshot_xmax(pg_current_snapshot())");
        await settle.ExecuteNonQueryAsync(ct);
    }
}
