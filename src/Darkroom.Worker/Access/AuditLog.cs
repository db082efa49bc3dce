using System.Text.Json.Nodes;
using Darkroom.Migrations;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Access;

/// <summary>An administrative action, for the log.</summary>
/// <param name="Action">Such as <c>api_key.revoked</c>.</param>
/// <param name="Target">What it is done to: an id or a name.</param>
/// <param name="Detail">More about it; never a secret.</param>
internal sealed record AuditedAction(Actor By, string Action, string Target, JsonObject? Detail = null);

/// <summary>
/// Writes who administered what. Change and entry are one transaction: a crash between them leaves neither, and a change that found
/// nothing to change leaves no entry.
/// </summary>
internal static class AuditLog
{
    /// <summary>By one statement.</summary>
    public static Task<int> ChangeAsync(DarkroomDb db, AuditedAction action, FormattableString sql, CancellationToken ct) =>
        ChangeAsync(db, action, () => db.Database.ExecuteSqlAsync(sql, ct), ct);

    /// <param name="change">On <paramref name="db"/>; answers how many rows it changed.</param>
    public static async Task<int> ChangeAsync(DarkroomDb db, AuditedAction action, Func<Task<int>> change, CancellationToken ct)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var changed = await change();
        if (changed == 0)
            return 0;
        await WriteAsync(db, action, ct);
        await transaction.CommitAsync(ct);
        return changed;
    }

    /// <summary>In the caller's transaction.</summary>
    public static Task WriteAsync(DarkroomDb db, AuditedAction action, CancellationToken ct) => db.Database.ExecuteSqlAsync($"""
        INSERT INTO darkroom.audit_log (id, created_at, key_id, actor, project_id, address, action, target, detail)
        VALUES ({Guid.CreateVersion7()}, darkroom.now(), {action.By.KeyId}::uuid, {action.By.Name}, {action.By.ProjectId}::uuid,
            {action.By.Address}::text, {action.Action}, {action.Target}, {action.Detail?.ToJsonString()}::json)
        """, ct);
}
