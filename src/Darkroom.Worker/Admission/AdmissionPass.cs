using Darkroom.Migrations;
using Darkroom.Worker.Endpoint;
using Darkroom.Worker.Execution;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using EndpointRow = Darkroom.Migrations.Rows.Endpoint;

namespace Darkroom.Worker.Admission;

/// <summary>
/// One pass of admission, in one transaction: decides which due jobs may be called now and marks them. A crash before the commit admits
/// nothing; after it, the tickets are lost and issued again within seconds.
/// </summary>
internal sealed class AdmissionPass(
    IDbContextFactory<DarkroomDb> databases, AdmissionLease lease, IOptions<EndpointSettings> settings,
    IOptions<WorkerOptions> worker)
{
    /// <summary>A ticket that has not been used for this long is taken for lost.</summary>
    static readonly TimeSpan TicketPatience = TimeSpan.FromSeconds(4);

    /// <returns>The tickets to issue, and when the next pass may find more; null where another node holds the lease.</returns>
    public async Task<Admitted?> RunAsync(CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (!await lease.TakeAsync(db, ct))
            return null;

        var tickets = await ReissueAsync(db, ct);
        var load = await LoadAsync(db, ct);
        var free = load.FreeSlots;
        var again = AdmissionLoop.Interval;
        foreach (var (endpoint, busy) in load.Endpoints)
        {
            if (settings.Value.Endpoint(endpoint.Name) is not { } options)
                continue;
            var allowance = EndpointAdmission.Allow(endpoint, options, settings.Value.Pace, load.Now, busy.InFlight, busy.Probing);
            var (taken, next) = await AdmitAsync(db, endpoint, options, allowance, free, load.Now, ct);
            tickets.AddRange(taken);
            free -= taken.Count;
            again = next < again ? next : again;
        }
        await transaction.CommitAsync(ct);
        return new Admitted(tickets, again);
    }

    /// <summary>Lost tickets again, under a new number and without new rate tokens; a late one of the old number does nothing.</summary>
    static Task<List<Ticket>> ReissueAsync(DarkroomDb db, CancellationToken ct) => db.Database.SqlQuery<Ticket>($"""
        UPDATE darkroom.jobs SET ticket = ticket + 1, admitted_at = darkroom.now()
        WHERE id IN (SELECT id FROM darkroom.jobs
                     WHERE status = 'queued' AND admitted_at IS NOT NULL AND admitted_at < darkroom.now() - {TicketPatience}
                     FOR UPDATE SKIP LOCKED)
        RETURNING id AS job_id, ticket AS number, trace_parent
        """).ToListAsync(ct);

    async Task<(List<Ticket>, TimeSpan)> AdmitAsync(
        DarkroomDb db, EndpointRow endpoint, EndpointOptions options, Allowance allowance, int free, DateTimeOffset now, CancellationToken ct)
    {
        var most = Math.Min(free, allowance.MaxJobs);
        if (most <= 0 || allowance.Images <= 0 || allowance.Tokens <= 0)
            return ([], UntilOpen(endpoint, options, allowance, now));

        double images = allowance.Images, tokens = allowance.Tokens;
        var chosen = new List<(DueJob Job, int Tokens)>();
        foreach (var job in await DueJobs.PickAsync(db, endpoint.Name, Math.Min(most, AtMost(images)), allowance.Excluded, ct))
        {
            if (images <= 0 || tokens <= 0)
                break;
            var estimate = settings.Value.Model(job.Model)?.TokensOf(job.Quality, job.Size, job.N, job.PromptChars) ?? 0;
            chosen.Add((job, estimate));
            images -= job.N;
            tokens -= estimate;
        }

        var tickets = chosen.Count == 0 ? [] : await MarkAsync(db, chosen, ct);
        if (tickets.Count > 0)
            await ChargeAsync(db, endpoint.Name, images, tokens, now, allowance.IsProbe ? tickets[0].JobId : null, ct);
        return (tickets, UntilOpen(endpoint, options, allowance with { Images = images, Tokens = tokens }, now));
    }

    /// <summary>A bucket of b images cannot admit more than b jobs: no more need to be looked at.</summary>
    static int AtMost(double images) => images >= 10_000 ? 10_000 : (int)Math.Ceiling(images);

    static Task<List<Ticket>> MarkAsync(DarkroomDb db, List<(DueJob Job, int Tokens)> chosen, CancellationToken ct)
    {
        var ids = chosen.Select(c => c.Job.Id).ToArray();
        var tokens = chosen.Select(c => c.Tokens).ToArray();
        // A row that a cancel holds just now is passed over, not waited for.
        return db.Database.SqlQuery<Ticket>($"""
            WITH chosen AS (
                SELECT j.id, c.tokens FROM unnest({ids}, {tokens}) AS c (id, tokens) JOIN darkroom.jobs AS j ON j.id = c.id
                WHERE j.status = 'queued' AND j.admitted_at IS NULL FOR UPDATE OF j SKIP LOCKED
            ), marked AS (
                UPDATE darkroom.jobs AS j SET admitted_at = darkroom.now(), ticket = j.ticket + 1, tokens_taken = chosen.tokens
                FROM chosen WHERE j.id = chosen.id RETURNING j.id, j.ticket, j.project_id, j.trace_parent
            ), turns AS (
                UPDATE darkroom.projects SET last_turn = (SELECT max(last_turn) + 1 FROM darkroom.projects)
                WHERE id IN (SELECT project_id FROM marked)
            )
            SELECT id AS job_id, ticket AS number, trace_parent FROM marked
            """).ToListAsync(ct);
    }

    static Task<int> ChargeAsync(
        DarkroomDb db, string endpoint, double images, double tokens, DateTimeOffset now, Guid? probe, CancellationToken ct) =>
        db.Endpoints.Where(e => e.Name == endpoint).ExecuteUpdateAsync(set => set
            .SetProperty(e => e.ImagesBalance, double.IsFinite(images) ? images : 0)
            .SetProperty(e => e.TokensBalance, double.IsFinite(tokens) ? tokens : 0)
            .SetProperty(e => e.BalanceAt, now)
            .SetProperty(e => e.ProbeJobId, e => probe ?? e.ProbeJobId), ct);

    /// <summary>When this endpoint may next admit, as far as its own limits tell.</summary>
    TimeSpan UntilOpen(EndpointRow endpoint, EndpointOptions options, Allowance after, DateTimeOffset now)
    {
        if (endpoint.HoldUntil > now)
            return endpoint.HoldUntil.Value - now;
        if (after.MaxJobs == 0)
            return AdmissionLoop.Interval;
        var images = Bucket.UntilOpen(after.Images, EndpointAdmission.ImagesPerMinute(endpoint, options, settings.Value.Pace));
        var tokens = EndpointAdmission.TokensPerMinute(endpoint, options) is { } limit ? Bucket.UntilOpen(after.Tokens, limit) : TimeSpan.Zero;
        var wait = images > tokens ? images : tokens;
        return wait > TimeSpan.Zero ? wait : AdmissionLoop.Interval;
    }

    async Task<Load> LoadAsync(DarkroomDb db, CancellationToken ct)
    {
        var rows = await db.Endpoints.AsNoTracking().ToListAsync(ct);
        var busy = await db.Database.SqlQuery<Busy>($"""
            SELECT e.name AS endpoint, count(j.id)::int AS in_flight, coalesce(bool_or(j.id = e.probe_job_id), false) AS probing
            FROM darkroom.endpoints AS e LEFT JOIN (
                SELECT id, endpoint FROM darkroom.jobs WHERE status = 'running'
                UNION ALL
                SELECT id, endpoint FROM darkroom.jobs WHERE status = 'queued' AND admitted_at IS NOT NULL
            ) AS j ON j.endpoint = e.name
            GROUP BY e.name
            """).ToDictionaryAsync(b => b.Endpoint, ct);
        // A stopping node's calls hold slots of that node alone: they must not keep the others from working.
        var cluster = (await db.Database.SqlQuery<Cluster>($"""
            SELECT darkroom.now() AS now, (coalesce(sum(greatest(n.slots - coalesce(open.calls, 0), 0)), 0)
                - (SELECT count(*) FROM darkroom.jobs WHERE status = 'queued' AND admitted_at IS NOT NULL))::int AS free_slots
            FROM darkroom.nodes AS n LEFT JOIN (
                SELECT node_id, count(*) AS calls FROM darkroom.attempts WHERE status IN ('dispatched', 'received') GROUP BY node_id
            ) AS open ON open.node_id = n.id
            WHERE n.ended_at IS NULL AND n.accepting AND n.heartbeat_at > darkroom.now() - {worker.Value.RescueAfter}
            """).ToListAsync(ct)).Single();
        return new Load(cluster.Now, cluster.FreeSlots, [.. rows.Select(r => (r, busy[r.Name]))]);
    }

    sealed record Busy(string Endpoint, int InFlight, bool Probing);

    sealed record Cluster(DateTimeOffset Now, int FreeSlots);

    sealed record Load(DateTimeOffset Now, int FreeSlots, List<(EndpointRow Row, Busy Busy)> Endpoints);
}

/// <summary>Leave for one call of one job; only the newest number counts.</summary>
internal sealed record Ticket(Guid JobId, int Number, string? TraceParent);

internal sealed record Admitted(List<Ticket> Tickets, TimeSpan Again);
