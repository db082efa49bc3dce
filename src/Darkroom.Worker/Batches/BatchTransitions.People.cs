using Darkroom.Migrations.Rows;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Batches;

/// <summary>What people decide about a batch: one row each, committed at once, whatever its size.</summary>
internal sealed partial class BatchTransitions
{
    /// <summary>
    /// <c>validating</c> or <c>in_progress</c> -> <c>cancelling</c>. From this commit on nothing of it is admitted or claimed; the sweep cancels
    /// what is queued or held, and calls in flight finish.
    /// </summary>
    /// <returns>The batch afterwards, or null where the project has no such batch.</returns>
    public Task<BatchChange?> CancelAsync(Guid projectId, Guid id, CancellationToken ct) => ChangeAsync(projectId, id, batch => batch.CancellingAt is not null, $"""
        UPDATE darkroom.batches SET status = 'cancelling', cancelling_at = darkroom.now(), claimed_until = NULL
        WHERE id = {id} AND project_id = {projectId} AND status IN ('validating', 'in_progress') RETURNING *
        """, ct);

    /// <summary>Nothing more of it is admitted or claimed until it is resumed; calls in flight finish, and its time goes on.</summary>
    /// <inheritdoc cref="CancelAsync"/>
    public Task<BatchChange?> PauseAsync(Guid projectId, Guid id, CancellationToken ct) => ChangeAsync(projectId, id, _ => false, $"""
        UPDATE darkroom.batches SET paused_at = coalesce(paused_at, darkroom.now())
        WHERE id = {id} AND project_id = {projectId} AND status IN ('validating', 'in_progress') RETURNING *
        """, ct);

    /// <summary>Its lines stand in the queue again.</summary>
    /// <inheritdoc cref="CancelAsync"/>
    public Task<BatchChange?> ResumeAsync(Guid projectId, Guid id, CancellationToken ct) => ChangeAsync(projectId, id, _ => false, $"""
        UPDATE darkroom.batches SET paused_at = NULL
        WHERE id = {id} AND project_id = {projectId} AND status IN ('validating', 'in_progress') RETURNING *
        """, ct);

    async Task<BatchChange?> ChangeAsync(Guid projectId, Guid id, Predicate<Batch> already, FormattableString update, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        if ((await db.Batches.FromSql(update).AsNoTracking().ToListAsync(ct)).SingleOrDefault() is { } changed)
            return new BatchChange(Won: true, changed);
        return await db.Batches.AsNoTracking().SingleOrDefaultAsync(b => b.Id == id && b.ProjectId == projectId, ct) is { } batch
            ? new BatchChange(Won: already(batch), batch)
            : null;
    }
}

/// <summary>Whether what a person asked for is so now, and the batch either way.</summary>
internal sealed record BatchChange(bool Won, Batch Batch);
