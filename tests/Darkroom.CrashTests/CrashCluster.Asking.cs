using Npgsql;
using Xunit;

namespace Darkroom.CrashTests;

/// <summary>What the database and the endpoint's account say of a cluster, and waiting until they do.</summary>
internal sealed partial class CrashCluster
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    /// <summary>Returns as soon as the query is true.</summary>
    public async Task WaitUntilTrueAsync(string sql)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        patience.CancelAfter(Patience);
        await using var connection = await database.OpenConnectionAsync(patience.Token);
        await using var command = new NpgsqlCommand(sql, connection);
        while (!(bool)(await command.ExecuteScalarAsync(patience.Token))!)
            await Task.Yield();
    }

    /// <summary>Returns when the query's number is as said; asked ten times a second, for nobody tells of rows.</summary>
    public async Task WaitUntilAsync(string sql, long expected)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        long last, before = long.MinValue;
        while ((last = await AskAsync(sql)) != expected)
        {
            // As long as it moves, it is waited for.
            if (last != before)
                patience.CancelAfter(Patience);
            before = last;
            Assert.False(patience.IsCancellationRequested, $"{sql} is {last} and not {expected}.\n{Output}");
            await ticks.WaitForNextTickAsync(Ct);
        }
    }

    public Task WaitForAllSucceededAsync(int jobs) => WaitUntilAsync("SELECT count(*) FROM darkroom.jobs WHERE status = 'succeeded'", jobs);

    public Task WaitForNoOpenCallsAsync() =>
        WaitUntilAsync("SELECT count(*) FROM darkroom.attempts WHERE status IN ('dispatched', 'received')", 0);

    /// <summary>Waits for a result of which some is written in the spool and not all has come.</summary>
    public async Task WaitForPartOfABodyAsync()
    {
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!Directory.EnumerateFiles(SpoolPath, "*.0", SearchOption.AllDirectories).Any(file => new FileInfo(file).Length > 0))
            await ticks.WaitForNextTickAsync(Ct);
    }

    public async Task<long> AskAsync(string sql)
    {
        await using var command = database.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync(Ct))!;
    }

    public async Task<List<string>> IdsAsync(string sql)
    {
        var ids = new List<string>();
        await using var command = database.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync(Ct);
        while (await reader.ReadAsync(Ct))
            ids.Add(reader.GetString(0));
        return ids;
    }

    /// <summary>The node that admits now; null while none does.</summary>
    public async Task<string?> AdmittingAsync() => (await IdsAsync("""
        SELECT n.name FROM darkroom.leases AS l JOIN darkroom.nodes AS n ON n.id = l.node_id WHERE l.name = 'admission' AND l.until > darkroom.now()
        """)).SingleOrDefault();

    /// <summary>How long the jobs whose calls were lost with a node waited for their next call, from its end.</summary>
    public async Task<List<TimeSpan>> RescuesAsync(string node, DateTimeOffset ended)
    {
        var waits = new List<TimeSpan>();
        await using var command = database.CreateCommand("""
            SELECT next.started_at - $2 FROM darkroom.attempts AS lost
            JOIN darkroom.attempts AS next ON next.job_id = lost.job_id AND next.number = lost.number + 1
            WHERE lost.node_name = $1 AND lost.error_code = 'node_lost'
            """);
        command.Parameters.AddWithValue(node);
        command.Parameters.AddWithValue(ended);
        await using var reader = await command.ExecuteReaderAsync(Ct);
        while (await reader.ReadAsync(Ct))
            waits.Add(reader.GetTimeSpan(0));
        return waits;
    }

    public void AssertCalls(int expected) => Assert.True(
        expected == Endpoint.Account.Calls.Count, $"{Endpoint.Account.Calls.Count} calls and not {expected}.\n{Output}");

    /// <summary>Every job one result; every call on the wire one attempt, and every winning attempt one call.</summary>
    public async Task AssertLedgerAsync(int jobs)
    {
        Assert.Equal(jobs, await AskAsync("SELECT count(*) FROM darkroom.jobs"));
        Assert.Equal(jobs, await AskAsync("SELECT count(*) FROM darkroom.attempts WHERE status = 'succeeded'"));
        Assert.Equal(jobs, await AskAsync("SELECT count(*) FROM darkroom.images"));
        var attempts = await IdsAsync("SELECT id::text FROM darkroom.attempts WHERE status <> 'undelivered'");
        var calls = Endpoint.Account.Calls.Select(call => call.ClientRequestId!).ToList();
        Assert.Equal(calls.Count, calls.Distinct().Count());
        Assert.Empty(calls.Except(attempts));
    }
}
