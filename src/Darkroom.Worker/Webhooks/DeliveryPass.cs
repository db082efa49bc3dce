using Darkroom.Migrations;
using Darkroom.Worker.Execution;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Webhooks;

/// <summary>
/// Picks what is to be sent now: first to whom least is under way, oldest first within a receiver, at most so many to each, those not known to
/// work, and soon, in half of the senders. So a slow or dead receiver delays nobody else, and one that comes back is not run over.
/// </summary>
internal sealed class DeliveryPass(IDbContextFactory<DarkroomDb> databases, NodeIdentity node, IOptions<WebhookOptions> options)
{
    static readonly TimeSpan LeaseTime = TimeSpan.FromSeconds(3);

    /// <summary>Longer than any attempt, so that only what is really lost is issued again.</summary>
    TimeSpan TicketPatience => options.Value.Timeout + TimeSpan.FromSeconds(30);

    /// <summary>The part of a delivery that the time since the last pass was too short for: rounded up at each pass, a rate would be exceeded.</summary>
    double leftOver;

    /// <param name="sinceLast">Since the pass before; a receiver's rate is kept from pass to pass.</param>
    /// <returns>Tickets to issue; null where another node sees to it.</returns>
    public async Task<List<DeliveryTicket>?> RunAsync(TimeSpan sinceLast, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        if (await db.Database.ExecuteSqlAsync($"""
            INSERT INTO darkroom.leases AS l (name, node_id, until) VALUES ('webhooks', {node.Id}, darkroom.now() + {LeaseTime})
            ON CONFLICT (name) DO UPDATE SET node_id = excluded.node_id, until = excluded.until
            WHERE l.node_id = excluded.node_id OR l.until <= darkroom.now()
            """, ct) == 0)
            return null;

        var seconds = Math.Min(sinceLast.TotalSeconds, 1);
        var due = leftOver + (options.Value.MaxPerSecondPerReceiver * seconds);
        var burst = (int)due;
        leftOver = due - burst;
        var (senders, most) = (options.Value.Senders, options.Value.MaxInFlightPerReceiver);
        // The receivers with something to send are found by leaps through the index, however much waits for each of them.
        // Of the others' half slow ones leave half to receivers with nothing under way, or one that is new would wait until a slow one answers.
        return await db.Database.SqlQuery<DeliveryTicket>($"""
            WITH RECURSIVE lost AS (
                UPDATE darkroom.webhook_deliveries SET issued_at = NULL
                WHERE status = 'pending' AND issued_at < darkroom.now() - {TicketPatience}
            ), waiting AS (
                SELECT min(receiver) AS receiver FROM darkroom.webhook_deliveries WHERE status = 'pending' AND issued_at IS NULL
                UNION ALL
                SELECT (SELECT min(d.receiver) FROM darkroom.webhook_deliveries AS d
                        WHERE d.status = 'pending' AND d.issued_at IS NULL AND d.receiver > w.receiver)
                FROM waiting AS w WHERE w.receiver IS NOT NULL
            ), issued AS (
                SELECT d.receiver, count(*)::int AS n, coalesce(bool_and(r.working AND NOT r.slow), false) AS working
                FROM darkroom.webhook_deliveries AS d LEFT JOIN darkroom.webhook_receivers AS r USING (receiver)
                WHERE d.status = 'pending' AND d.issued_at IS NOT NULL GROUP BY d.receiver
            ), free AS (
                SELECT greatest({senders} * n.nodes - (SELECT coalesce(sum(n), 0) FROM issued), 0)::int AS working,
                       greatest({senders} * n.nodes / 2 - (SELECT coalesce(sum(n), 0) FROM issued WHERE NOT working), 0)::int AS others,
                       ({senders} * n.nodes / 4)::int AS kept
                FROM (SELECT greatest(count(*), 1)::int AS nodes FROM darkroom.nodes WHERE ended_at IS NULL AND heartbeat_at > darkroom.now() - interval '15 seconds') AS n
            ), due AS (
                SELECT d.id, d.due_at, coalesce(i.n, 0) + d.place AS share, coalesce(r.working AND NOT r.slow, false) AS working
                FROM waiting AS w LEFT JOIN issued AS i USING (receiver) LEFT JOIN darkroom.webhook_receivers AS r USING (receiver)
                CROSS JOIN LATERAL (
                    SELECT id, due_at, row_number() OVER (ORDER BY due_at) AS place FROM darkroom.webhook_deliveries AS d
                    WHERE d.receiver = w.receiver AND d.status = 'pending' AND d.issued_at IS NULL AND d.due_at <= darkroom.now()
                    ORDER BY d.due_at
                    LIMIT greatest(0, least({burst}, CASE WHEN r.working THEN {most} ELSE 1 END - coalesce(i.n, 0)))
                ) AS d
                WHERE w.receiver IS NOT NULL AND (r.not_before IS NULL OR r.not_before <= darkroom.now())
            ), others AS (
                SELECT d.id, d.due_at, d.share, d.working
                FROM (SELECT *, row_number() OVER (ORDER BY share, due_at) AS place FROM due WHERE NOT working) AS d CROSS JOIN free
                WHERE d.place <= free.others - CASE WHEN d.share > 1 THEN free.kept ELSE 0 END
            ), chosen AS (
                SELECT id, working FROM (SELECT id, due_at, share, working FROM due WHERE working UNION ALL SELECT * FROM others) AS d
                ORDER BY share, working DESC, due_at LIMIT (SELECT working FROM free)
            )
            UPDATE darkroom.webhook_deliveries AS d SET issued_at = darkroom.now(), ticket = ticket + 1
            FROM chosen WHERE d.id = chosen.id AND d.issued_at IS NULL RETURNING d.id, d.ticket AS number, chosen.working
            """).ToListAsync(ct);
    }
}

/// <summary>Leave for one attempt of one delivery; only the newest number counts.</summary>
/// <param name="Working">Whether its receiver's last attempt worked and was short, so that this one can be expected to be.</param>
internal sealed record DeliveryTicket(Guid Id, int Number, bool Working)
{
    const int Most = 10;

    /// <summary>
    /// What goes to Hangfire as one job, whose own work is some fifty statements. Only deliveries that will not keep one another waiting share
    /// one: a dead receiver's stays alone.
    /// </summary>
    public static IEnumerable<DeliveryTicket[]> Together(IReadOnlyCollection<DeliveryTicket> tickets) =>
        tickets.Where(t => t.Working).Chunk(Most).Concat(tickets.Where(t => !t.Working).Chunk(1));
}
