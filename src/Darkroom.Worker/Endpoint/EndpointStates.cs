using Darkroom.Migrations;
using Darkroom.Worker.Access;
using Darkroom.Worker.Admission;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using EndpointRow = Darkroom.Migrations.Rows.Endpoint;

namespace Darkroom.Worker.Endpoint;

/// <summary>
/// The only writer of an endpoint's pause, gate, hold-back and learned pace. Each transition is one conditional statement that any node may
/// try; losing a race is a return value. Calls that began before the present state (<c>since</c>) cannot change it: what they found is old.
/// </summary>
internal sealed partial class EndpointStates(
    IDbContextFactory<DarkroomDb> databases, IOptions<EndpointSettings> settings, ILogger<EndpointStates> logger)
{
    /// <summary>So many different jobs refused with 403, with no other answer between them, mean that it is not the prompts.</summary>
    public const int ForbiddenJobsToPause = 3;

    PaceOptions Pace => settings.Value.Pace;

    BackoffOptions Backoffs => settings.Value.Backoff;

    /// <summary>
    /// A row for each configured endpoint, with a bucket's worth to begin with. Rows of endpoints no longer configured stay.
    /// </summary>
    public async Task EnsureRowsAsync(CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        foreach (var endpoint in settings.Value.Endpoints)
        {
            await db.Database.ExecuteSqlAsync($"""
                INSERT INTO darkroom.endpoints
                    (name, state, since, probes, forbidden_jobs, throttles, images_balance, tokens_balance, balance_at)
                VALUES ({endpoint.Name}, 'active', darkroom.now(), 0, ARRAY[]::uuid[], 0, 1, 1, darkroom.now())
                ON CONFLICT (name) DO NOTHING
                """, ct);
        }
    }

    /// <summary>The row and the database's time; null where no such endpoint was ever configured.</summary>
    public async Task<(EndpointRow Row, DateTimeOffset Now)?> ReadAsync(string name, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        var read = await db.Endpoints.AsNoTracking().Where(e => e.Name == name)
            .Select(e => new { Row = e, Now = DarkroomDb.Now() }).SingleOrDefaultAsync(ct);
        return read is null ? null : (read.Row, read.Now);
    }

    /// <summary>
    /// <c>active</c> or <c>gated</c> -> <c>paused</c>, with probes to come, by a call that began at <paramref name="startedAt"/>.
    /// </summary>
    public async Task<bool> PauseAsync(string name, string reason, Guid jobId, DateTimeOffset startedAt, CancellationToken ct)
    {
        var paused = await UpdateAsync($"""
            UPDATE darkroom.endpoints
            SET state = 'paused', reason = {reason}, since = darkroom.now(), probes = 0, next_probe_at = darkroom.now() + {Pace.FirstProbe},
                probe_job_id = NULL, last_failed_job_id = {jobId}
            WHERE name = {name} AND state <> 'paused' AND since <= {startedAt}
            """, ct);
        if (paused)
            Log.Paused(logger, name, reason);
        return paused;
    }

    /// <summary>
    /// Any state -> <c>paused</c> without probes, until <see cref="ResumeAsync"/>. A probe in flight no longer counts as one.
    /// </summary>
    public async Task<bool> PauseByPersonAsync(string name, string? reason, Actor by, CancellationToken ct)
    {
        var paused = await AdministerAsync(new(by, "endpoint.paused", name, new() { ["reason"] = reason }), $"""
            UPDATE darkroom.endpoints
            SET state = 'paused', reason = {reason ?? "Paused by a person."}, since = darkroom.now(), probes = 0, next_probe_at = NULL,
                probe_job_id = NULL, last_failed_job_id = NULL
            WHERE name = {name} AND NOT (state = 'paused' AND next_probe_at IS NULL)
            """, ct);
        if (paused)
            Log.Paused(logger, name, reason ?? "by a person");
        return paused;
    }

    /// <summary>Any state -> <c>active</c>, by a person; whatever held the endpoint back is forgotten.</summary>
    public async Task<bool> ResumeAsync(string name, Actor by, CancellationToken ct)
    {
        var resumed = await AdministerAsync(new(by, "endpoint.resumed", name), $"""
            UPDATE darkroom.endpoints
            SET state = 'active', reason = NULL, since = darkroom.now(), probes = 0, next_probe_at = NULL, probe_job_id = NULL,
                last_failed_job_id = NULL, forbidden_jobs = ARRAY[]::uuid[], throttles = 0, hold_until = NULL
            WHERE name = {name} AND (state <> 'active' OR hold_until > darkroom.now())
            """, ct);
        return resumed && await OpenedAsync(name, "a person resumed it", ct);
    }

    /// <summary><c>active</c> -> <c>gated</c>: a call did not get out.</summary>
    public async Task<bool> GateAsync(string name, string reason, Guid jobId, DateTimeOffset startedAt, CancellationToken ct)
    {
        var gated = await UpdateAsync($"""
            UPDATE darkroom.endpoints
            SET state = 'gated', reason = {reason}, since = darkroom.now(), probes = 0, probe_job_id = NULL, last_failed_job_id = {jobId},
                next_probe_at = darkroom.now() + {Backoff.Delay(Backoffs, 1, Random.Shared.NextDouble())}
            WHERE name = {name} AND state = 'active' AND since <= {startedAt}
            """, ct);
        if (gated)
            Log.Gated(logger, name, reason);
        return gated;
    }

    /// <summary><c>gated</c> -> <c>active</c>: a call that began behind the gate got out, whatever came back.</summary>
    public async Task<bool> OpenGateAsync(string name, DateTimeOffset startedAt, CancellationToken ct)
    {
        var opened = await UpdateAsync($"""
            UPDATE darkroom.endpoints
            SET state = 'active', reason = NULL, since = darkroom.now(), probes = 0, next_probe_at = NULL, probe_job_id = NULL,
                last_failed_job_id = NULL
            WHERE name = {name} AND state = 'gated' AND since < {startedAt}
            """, ct);
        return opened && await OpenedAsync(name, "a call got through", ct);
    }

    /// <summary><c>paused</c> -> <c>active</c>: its probe brought a picture.</summary>
    public async Task<bool> ResumeByProbeAsync(string name, Guid jobId, CancellationToken ct)
    {
        var resumed = await UpdateAsync($"""
            UPDATE darkroom.endpoints
            SET state = 'active', reason = NULL, since = darkroom.now(), probes = 0, next_probe_at = NULL, probe_job_id = NULL,
                last_failed_job_id = NULL, forbidden_jobs = ARRAY[]::uuid[]
            WHERE name = {name} AND state = 'paused' AND probe_job_id = {jobId}
            """, ct);
        return resumed && await OpenedAsync(name, "its probe succeeded", ct);
    }

    /// <summary>Stays <c>paused</c> or <c>gated</c>: its probe failed, and the next one waits longer.</summary>
    public async Task<bool> ProbeFailedAsync(EndpointRow row, Guid jobId, string reason, CancellationToken ct)
    {
        var failed = row.Probes + 1;
        var wait = row.State == Migrations.Rows.EndpointState.Paused
            ? Pace.ProbeWait(failed)
            : Backoff.Delay(Backoffs, failed + 1, Random.Shared.NextDouble());
        return await UpdateAsync($"""
            UPDATE darkroom.endpoints
            SET reason = {reason}, probes = {failed}, next_probe_at = darkroom.now() + {wait}, probe_job_id = NULL,
                last_failed_job_id = {jobId}
            WHERE name = {row.Name} AND state = {row.State} AND probes = {row.Probes} AND probe_job_id = {jobId}
            """, ct);
    }

    /// <summary>Stays <c>paused</c> or <c>gated</c>: nothing was sent, so its probe found nothing out; another may try at once.</summary>
    public Task<bool> ProbeReturnedAsync(string name, Guid jobId, CancellationToken ct) => UpdateAsync(
        $"UPDATE darkroom.endpoints SET probe_job_id = NULL WHERE name = {name} AND probe_job_id = {jobId}", ct);

    /// <summary>Counts a job refused with 403; the third different one in a row pauses the endpoint.</summary>
    public async Task<bool> ForbiddenAsync(string name, string reason, Guid jobId, DateTimeOffset startedAt, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        var counts = await db.Database.SqlQuery<int>($"""
            UPDATE darkroom.endpoints SET forbidden_jobs = array_append(array_remove(forbidden_jobs, {jobId}), {jobId})
            WHERE name = {name} AND since <= {startedAt}
            RETURNING cardinality(forbidden_jobs) AS "Value"
            """).ToListAsync(ct);
        return counts is [>= ForbiddenJobsToPause] && await PauseAsync(name, reason, jobId, startedAt, ct);
    }

    /// <summary>Another answer than 403 came: what was counted is forgotten.</summary>
    public Task<bool> NotForbiddenAsync(string name, CancellationToken ct) => UpdateAsync($"""
        UPDATE darkroom.endpoints SET forbidden_jobs = ARRAY[]::uuid[] WHERE name = {name} AND cardinality(forbidden_jobs) > 0
        """, ct);

    async Task<bool> UpdateAsync(FormattableString sql, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        return await db.Database.ExecuteSqlAsync(sql, ct) > 0;
    }

    async Task<bool> AdministerAsync(AuditedAction action, FormattableString sql, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        return await AuditLog.ChangeAsync(db, action, sql, ct) > 0;
    }

    /// <summary>Jobs may go there again: admission is told, after the commit.</summary>
    async Task<bool> OpenedAsync(string name, string why, CancellationToken ct)
    {
        Log.Opened(logger, name, why);
        await using var db = await databases.CreateDbContextAsync(ct);
        await db.Database.ExecuteSqlAsync($"SELECT pg_notify({Notices.Work}, '')", ct);
        return true;
    }

    static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Endpoint {Name} is paused: {Reason}")]
        public static partial void Paused(ILogger logger, string name, string reason);

        [LoggerMessage(LogLevel.Warning, "Endpoint {Name} is gated, one call at a time tries: {Reason}")]
        public static partial void Gated(ILogger logger, string name, string reason);

        [LoggerMessage(LogLevel.Information, "Endpoint {Name} is active again: {Why}")]
        public static partial void Opened(ILogger logger, string name, string why);
    }
}
