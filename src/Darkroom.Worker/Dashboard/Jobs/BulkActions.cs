using Darkroom.Migrations;
using Darkroom.Migrations.Rows;
using Darkroom.Worker.Access;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Dashboard.Jobs;

/// <summary>What people ask for all jobs of a filter at once.</summary>
internal sealed class BulkActions(IDbContextFactory<DarkroomDb> databases) : IDisposable
{
    public const string Cancel = "cancel", Retry = "retry";

    /// <summary>Of an ended action, the result is shown this long.</summary>
    static readonly TimeSpan Shown = TimeSpan.FromMinutes(10);

    readonly SemaphoreSlim begun = new(0);

    /// <summary>The states that each kind changes; chosen ones among them narrow it.</summary>
    static readonly Dictionary<string, string[]> Changes = new()
    {
        [Cancel] = [JobStatus.Queued, JobStatus.Running, JobStatus.Held],
        [Retry] = [JobStatus.Failed, JobStatus.Held],
    };

    public static bool Applies(string kind, JobsQuery query) => Changes.TryGetValue(kind, out var states) && (query.Statuses is [] || query.Statuses.Intersect(states).Any());

    /// <summary>The jobs that a running action is about: those that could be changed, up to the moment it was asked for.</summary>
    public static JobsQuery Scope(BulkAction action)
    {
        var query = JobsQuery.Parse(action.Filter);
        return query with
        {
            Statuses = [.. Changes[action.Kind].Where(state => query.Statuses is [] || query.Statuses.Contains(state))],
            To = query.To < action.CreatedAt ? query.To : action.CreatedAt,
        };
    }

    public async Task BeginAsync(Guid projectId, string kind, JobsQuery query, Actor by, CancellationToken ct)
    {
        var (id, filter) = (Guid.CreateVersion7(), (query with { After = null }).ToString());
        await using var db = await databases.CreateDbContextAsync(ct);
        await AuditLog.ChangeAsync(db, new(by, $"jobs.bulk_{kind}", id.ToString(), new() { ["filter"] = filter }), $"""
            INSERT INTO darkroom.bulk_actions (id, project_id, kind, filter, created_at, changed, skipped, claimed_until, stopped)
            VALUES ({id}, {projectId}, {kind}, {filter}, darkroom.now(), 0, 0, darkroom.now(), false)
            """, ct);
        begun.Release();
    }

    public async Task StopAsync(Guid projectId, Guid id, Actor by, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        await AuditLog.ChangeAsync(db, new(by, "jobs.bulk_stopped", id.ToString()), $"""
            UPDATE darkroom.bulk_actions SET finished_at = darkroom.now(), stopped = true
            WHERE id = {id} AND project_id = {projectId} AND finished_at IS NULL
            """, ct);
    }

    /// <summary>Those that run, and those that ended lately.</summary>
    public async Task<List<BulkAction>> RecentAsync(Guid projectId, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        return await db.BulkActions.FromSql($"""
            SELECT * FROM darkroom.bulk_actions
            WHERE project_id = {projectId} AND (finished_at IS NULL OR finished_at > darkroom.now() - {Shown})
            ORDER BY created_at DESC LIMIT 5
            """).AsNoTracking().ToListAsync(ct);
    }

    /// <summary>Returns when an action was begun on this node, and at the latest after a while: another node's may have been left behind.</summary>
    public async Task BegunAsync(TimeSpan atMost, TimeProvider clock, CancellationToken ct)
    {
        using var late = new CancellationTokenSource(atMost, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, late.Token);
        try
        {
            await begun.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
        }
    }

    public void Dispose() => begun.Dispose();
}
