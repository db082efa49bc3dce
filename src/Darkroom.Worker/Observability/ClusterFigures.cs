using Darkroom.Client;
using Darkroom.Migrations;
using Darkroom.Worker.Endpoint;
using Darkroom.Worker.Execution;
using Darkroom.Worker.Webhooks;
using Hangfire;
using Hangfire.Storage.Monitoring;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Observability;

/// <summary>One figure of the cluster.</summary>
/// <param name="Of">The endpoint, state or status it is of; empty where there is nothing to tell apart.</param>
internal sealed record Figure(string What, string Of, double Value);

/// <summary>What the database held at one moment; nothing where it could not be asked.</summary>
internal sealed record ClusterReading(IReadOnlyList<Figure> Figures, IReadOnlyList<EndpointStatus> Endpoints, StatisticsDto? Tickets)
{
    public static readonly ClusterReading None = new([], [], null);

    public bool Reached => Tickets is not null;
}

/// <summary>
/// Reads what the whole cluster holds, at most once in five seconds for each process that is scraped. Every part of the statement leaps
/// through a partial index or stops counting at a bound, so that it costs the same with a million jobs waiting or done. The orders
/// within counts are there to have the index used: in any other order a long table would be searched for its waiting rows.
/// </summary>
internal sealed partial class ClusterFigures(
    IDbContextFactory<DarkroomDb> databases, EndpointReport endpoints, JobStorage tickets, IOptions<WorkerOptions> worker, TimeProvider clock,
    ILogger<ClusterFigures> logger)
{
    /// <summary>Counting of jobs and deliveries stops here; more are shown as so many.</summary>
    public const int MostCounted = 100_000;

    static readonly TimeSpan Fresh = TimeSpan.FromSeconds(5), Patience = TimeSpan.FromSeconds(3);

    readonly Lock reading = new();
    ClusterReading? last;
    long readAt;

    /// <summary>Waits for the database, for OpenTelemetry collects without awaiting: three seconds at most, of which a scrape has ten.</summary>
    public ClusterReading Read()
    {
        lock (reading)
        {
            if (last is null || clock.GetElapsedTime(readAt) >= Fresh)
            {
                last = Task.Run(TryQueryAsync).GetAwaiter().GetResult();
                readAt = clock.GetTimestamp();
            }
            return last;
        }
    }

    async Task<ClusterReading> TryQueryAsync()
    {
        using var patience = new CancellationTokenSource(Patience, clock);
        try
        {
            return await QueryAsync(patience.Token);
        }
        catch (Exception e)
        {
            // Whatever ails them must not take the other figures with it.
            Log.NotRead(logger, e.GetBaseException().Message);
            return ClusterReading.None;
        }
    }

    async Task<ClusterReading> QueryAsync(CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        var figures = await db.Database.SqlQuery<Figure>(Query(worker.Value.RescueAfter)).ToListAsync(ct);
        return new ClusterReading(figures, await endpoints.ReadAsync(ct), tickets.GetMonitoringApi().GetStatistics());
    }

    internal static FormattableString Query(TimeSpan silence) => $"""
        WITH RECURSIVE lanes AS (
            (SELECT endpoint, priority, lane FROM darkroom.jobs
             WHERE status = 'queued' AND admitted_at IS NULL ORDER BY endpoint, priority, lane LIMIT 1)
            UNION ALL
            SELECT next.endpoint, next.priority, next.lane FROM lanes CROSS JOIN LATERAL (
                SELECT endpoint, priority, lane FROM darkroom.jobs
                WHERE status = 'queued' AND admitted_at IS NULL AND (endpoint, priority, lane) > (lanes.endpoint, lanes.priority, lanes.lane)
                ORDER BY endpoint, priority, lane LIMIT 1) AS next
        ), open AS (
            SELECT * FROM lanes
            WHERE NOT EXISTS (SELECT FROM darkroom.batches AS b WHERE b.id = lanes.lane AND (b.paused_at IS NOT NULL OR b.status <> 'in_progress'))
        ), receivers AS (
            SELECT min(receiver) AS receiver FROM darkroom.webhook_deliveries WHERE status = 'pending' AND issued_at IS NULL
            UNION ALL
            SELECT (SELECT min(d.receiver) FROM darkroom.webhook_deliveries AS d
                    WHERE d.status = 'pending' AND d.issued_at IS NULL AND d.receiver > r.receiver)
            FROM receivers AS r WHERE r.receiver IS NOT NULL
        )
        SELECT 'queued' AS what, e.name AS of, (SELECT count(*) FROM (
            SELECT FROM darkroom.jobs AS j WHERE j.endpoint = e.name AND j.status = 'queued' AND j.admitted_at IS NULL
            ORDER BY j.priority, j.lane, j.due_at, j.id LIMIT {MostCounted}) AS c)::float8 AS value
        FROM darkroom.endpoints AS e
        UNION ALL
        SELECT 'due', e.name, (SELECT count(*) FROM (
            SELECT FROM open AS o CROSS JOIN LATERAL (
                SELECT FROM darkroom.jobs AS j WHERE j.endpoint = o.endpoint AND j.status = 'queued' AND j.admitted_at IS NULL
                AND j.priority = o.priority AND j.lane = o.lane AND j.due_at <= darkroom.now() ORDER BY j.due_at, j.id) AS j
            WHERE o.endpoint = e.name LIMIT {MostCounted}) AS c)
        FROM darkroom.endpoints AS e
        UNION ALL
        SELECT 'oldest_due', e.name, coalesce(extract(epoch FROM darkroom.now() - (
            SELECT min(first.due_at) FROM open AS o CROSS JOIN LATERAL (
                SELECT j.due_at FROM darkroom.jobs AS j WHERE j.endpoint = o.endpoint AND j.status = 'queued' AND j.admitted_at IS NULL
                AND j.priority = o.priority AND j.lane = o.lane AND j.due_at <= darkroom.now() ORDER BY j.due_at LIMIT 1) AS first
            WHERE o.endpoint = e.name)), 0)
        FROM darkroom.endpoints AS e
        UNION ALL
        SELECT 'admitted', '', count(*) FROM darkroom.jobs WHERE status = 'queued' AND admitted_at IS NOT NULL
        UNION ALL
        SELECT 'held', '', coalesce(sum(held.n), 0) FROM darkroom.projects AS p CROSS JOIN LATERAL (SELECT count(*) AS n FROM (
            SELECT FROM darkroom.jobs AS j WHERE j.project_id = p.id AND j.status = 'held' ORDER BY j.created_at, j.id LIMIT {MostCounted}) AS c) AS held
        UNION ALL
        SELECT 'attempts', s.status, (SELECT count(*) FROM darkroom.attempts AS a WHERE a.status = s.status AND a.status IN ('dispatched', 'received'))
        FROM (VALUES ('dispatched'), ('received')) AS s (status)
        UNION ALL
        SELECT 'oldest_received', '', coalesce(extract(epoch FROM darkroom.now() - min(received_at)), 0)
        FROM darkroom.attempts WHERE status = 'received' AND status IN ('dispatched', 'received')
        UNION ALL
        SELECT 'nodes', s.state, (SELECT count(*) FROM (
            SELECT CASE WHEN heartbeat_at < darkroom.now() - {silence} THEN 'silent' WHEN accepting THEN 'accepting' ELSE 'not_accepting' END AS state
            FROM darkroom.nodes WHERE ended_at IS NULL) AS n WHERE n.state = s.state)
        FROM (VALUES ('accepting'), ('not_accepting'), ('silent')) AS s (state)
        UNION ALL
        SELECT 'nodes', 'lost', count(*) FROM darkroom.nodes WHERE lost AND ended_at > darkroom.now() - interval '1 hour'
        UNION ALL
        SELECT 'slots', '', coalesce(sum(slots), 0) FROM darkroom.nodes WHERE ended_at IS NULL AND accepting AND heartbeat_at >= darkroom.now() - {silence}
        UNION ALL
        SELECT 'lease_overdue', name, greatest(0, extract(epoch FROM darkroom.now() - until)) FROM darkroom.leases WHERE name IN ('admission', 'webhooks')
        UNION ALL
        SELECT 'deliveries', '', count(*) FROM (
            SELECT FROM darkroom.webhook_deliveries WHERE status = 'pending' AND issued_at IS NULL ORDER BY receiver, due_at LIMIT {MostCounted}) AS c
        UNION ALL
        SELECT 'deliveries_oldest_due', '', coalesce(extract(epoch FROM darkroom.now() - min(first.due_at)), 0)
        FROM receivers AS r CROSS JOIN LATERAL (
            SELECT d.due_at FROM darkroom.webhook_deliveries AS d WHERE d.receiver = r.receiver AND d.status = 'pending' AND d.issued_at IS NULL
            AND d.due_at <= darkroom.now() ORDER BY d.due_at LIMIT 1) AS first
        WHERE NOT EXISTS (SELECT FROM darkroom.webhook_receivers AS known WHERE known.receiver = r.receiver AND known.not_before > darkroom.now())
        UNION ALL
        SELECT 'receivers_disabled', '', count(*) FROM darkroom.webhook_endpoints WHERE url IS NOT NULL AND disabled_at IS NOT NULL AND disabled_reason IS DISTINCT FROM {ReceiverRegistry.ByPerson}
        """;

    static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Figures of the cluster could not be read for metrics: {Reason}")]
        public static partial void NotRead(ILogger logger, string reason);
    }
}
