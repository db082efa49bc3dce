using Darkroom.Worker.Admission;
using Darkroom.Worker.Database;
using Npgsql;

namespace Darkroom.Worker.Events;

/// <summary>
/// Follows <c>job_events</c> and wakes whoever waits for news of a job or batch: one connection per node, and only while somebody waits. It
/// looks at every notice and at least every second, so that a lost notice costs a second.
/// </summary>
internal sealed partial class EventTail(NpgsqlDataSource postgres, TimeProvider clock, ILogger<EventTail> logger) : BackgroundService
{
    static readonly TimeSpan Interval = TimeSpan.FromSeconds(1), Reconnect = TimeSpan.FromSeconds(1);

    /// <summary>Notices that come in a burst are one reading.</summary>
    static readonly TimeSpan Burst = TimeSpan.FromMilliseconds(20);

    readonly Lock change = new();
    readonly Dictionary<Guid, List<Watch>> watches = [];
    readonly AdmissionWake somebody = new(clock);

    bool Watched
    {
        get
        {
            lock (change)
                return watches.Count > 0;
        }
    }

    /// <summary>
    /// Begins to watch a job or batch. Whoever then reads its row misses nothing: what commits after that reading wakes the watch, now and then
    /// for no reason.
    /// </summary>
    public Watch Watch(Guid jobOrBatch)
    {
        var watch = new Watch(jobOrBatch, new AdmissionWake(clock), End);
        lock (change)
        {
            if (!watches.TryGetValue(jobOrBatch, out var others))
                watches[jobOrBatch] = others = [];
            others.Add(watch);
        }
        somebody.Wake();
        return watch;
    }

    void End(Watch watch)
    {
        lock (change)
        {
            if (watches.TryGetValue(watch.Subject, out var others) && others.Remove(watch) && others.Count == 0)
                watches.Remove(watch.Subject);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await somebody.WaitAsync(Timeout.InfiniteTimeSpan, stoppingToken);
            while (Watched)
            {
                try
                {
                    await FollowAsync(stoppingToken);
                }
                catch (Exception e) when (e is IOException || DatabaseOutage.OrDefect(e, logger))
                {
                    Log.Lost(logger, e.GetBaseException().Message);
                    await Task.Delay(Reconnect, stoppingToken);
                }
            }
        }
    }

    async Task FollowAsync(CancellationToken ct)
    {
        await using var connection = await postgres.OpenConnectionAsync(ct);
        await using (var listen = new NpgsqlCommand($"LISTEN {Notices.Work}; LISTEN {Notices.Canceled}", connection))
            await listen.ExecuteNonQueryAsync(ct);
        await using var first = new NpgsqlCommand("SELECT pg_current_snapshot()::text", connection);
        var seen = (string)(await first.ExecuteScalarAsync(ct))!;
        WakeAll(); // Of what was committed before this snapshot no event will tell.
        while (Watched)
        {
            await connection.WaitAsync(Interval, ct);
            seen = await ReadAsync(connection, seen, ct);
            await Task.Delay(Burst, ct);
        }
    }

    /// <summary>
    /// Reads the events of every transaction that this statement sees and the snapshot before did not: each is told exactly once and at once,
    /// however late it commits and however long others take. A cursor over ids would skip what commits late; one that waits for the oldest
    /// running transaction would let any program in the cluster hold up all news.
    /// </summary>
    /// <returns>This statement's snapshot.</returns>
    async Task<string> ReadAsync(NpgsqlConnection connection, string seen, CancellationToken ct)
    {
        await using var read = new NpgsqlCommand("""
            SELECT pg_current_snapshot()::text, e.job_id, e.batch_id
            FROM (VALUES (1)) AS one LEFT JOIN darkroom.job_events AS e
                ON e.xid >= pg_snapshot_xmin($1::pg_snapshot) AND NOT pg_visible_in_snapshot(e.xid, $1::pg_snapshot)
            """, connection);
        read.Parameters.Add(new() { Value = seen });
        await using var rows = await read.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
        {
            seen = rows.GetString(0);
            if (await rows.IsDBNullAsync(1, ct))
                continue;
            Wake(rows.GetGuid(1));
            if (!await rows.IsDBNullAsync(2, ct))
                Wake(rows.GetGuid(2));
        }
        return seen;
    }

    void Wake(Guid subject)
    {
        lock (change)
        {
            if (watches.TryGetValue(subject, out var told))
                told.ForEach(watch => watch.Wake());
        }
    }

    void WakeAll()
    {
        lock (change)
        {
            foreach (var told in watches.Values)
                told.ForEach(watch => watch.Wake());
        }
    }

    static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Lost the connection that follows events ({Reason}); connecting again.")]
        public static partial void Lost(ILogger logger, string reason);
    }
}
