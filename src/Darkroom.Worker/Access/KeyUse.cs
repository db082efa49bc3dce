using System.Collections.Concurrent;
using Darkroom.Migrations;
using Darkroom.Worker.Database;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Access;

/// <summary>
/// When keys were last used: noted in memory and written once a minute, because a write per request would cost more than most requests.
/// What a killed process had not written yet is lost.
/// </summary>
internal sealed partial class KeyUse(IDbContextFactory<DarkroomDb> databases, TimeProvider clock, ILogger<KeyUse> logger) : BackgroundService
{
    static readonly TimeSpan Interval = TimeSpan.FromMinutes(1), LastWords = TimeSpan.FromSeconds(3);

    readonly ConcurrentDictionary<Guid, long> used = new();

    public void Note(Guid keyId) => used[keyId] = clock.GetTimestamp();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await Task.Delay(Interval, clock, stoppingToken);
            await TryWriteAsync(stoppingToken);
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(LastWords);
        await TryWriteAsync(patience.Token);
    }

    async Task TryWriteAsync(CancellationToken ct)
    {
        try
        {
            await WriteAsync(ct);
        }
        catch (Exception e) when ((e is OperationCanceledException && ct.IsCancellationRequested) || DatabaseOutage.OrDefect(e, logger))
        {
            Log.PutOff(logger, e.GetBaseException().Message);
        }
    }

    public async Task WriteAsync(CancellationToken ct)
    {
        var uses = used.ToArray();
        if (uses is [])
            return;
        var (keys, ages) = (uses.Select(u => u.Key).ToArray(), uses.Select(u => clock.GetElapsedTime(u.Value)).ToArray());
        await using var db = await databases.CreateDbContextAsync(ct);
        // Locked in the order of their ids: two nodes that write at once would otherwise wait for each other.
        await db.Database.ExecuteSqlAsync($"""
            WITH uses AS (SELECT * FROM unnest({keys}, {ages}) AS u (id, age)),
            locked AS (SELECT id FROM darkroom.api_keys WHERE id = ANY({keys}) ORDER BY id FOR NO KEY UPDATE)
            UPDATE darkroom.api_keys AS k SET last_used_at = darkroom.now() - u.age
            FROM locked JOIN uses AS u ON u.id = locked.id
            WHERE k.id = locked.id AND (k.last_used_at IS NULL OR k.last_used_at < darkroom.now() - u.age)
            """, ct);
        foreach (var use in uses)
            used.TryRemove(use);
    }

    static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "When keys were last used is written later: {Reason}")]
        public static partial void PutOff(ILogger logger, string reason);
    }
}
