using Darkroom.Migrations;
using Darkroom.Worker.Execution;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Admission;

/// <summary>
/// Admission is one node's work at a time. The lease row stays locked for the length of a pass, so that a holder frozen in the middle of
/// one cannot wake up beside its successor: the server ends its idle transaction first.
/// </summary>
internal sealed class AdmissionLease(NodeIdentity node)
{
    const string Name = "admission";

    /// <summary>How long a silent holder keeps the others waiting.</summary>
    static readonly TimeSpan Duration = TimeSpan.FromSeconds(3);

    /// <summary>Takes or renews the lease inside the caller's transaction; false where another node holds it.</summary>
    public async Task<bool> TakeAsync(DarkroomDb db, CancellationToken ct) => await db.Database.ExecuteSqlAsync($"""
        UPDATE darkroom.leases SET node_id = {node.Id}, until = darkroom.now() + {Duration}
        WHERE name = (SELECT name FROM darkroom.leases
                      WHERE name = {Name} AND (node_id = {node.Id} OR until < darkroom.now()) FOR UPDATE SKIP LOCKED)
        """, ct) > 0;

    public static async Task EnsureRowAsync(DarkroomDb db, CancellationToken ct) => await db.Database.ExecuteSqlAsync(
        $"INSERT INTO darkroom.leases (name, until) VALUES ({Name}, darkroom.now()) ON CONFLICT DO NOTHING", ct);

    /// <summary>A node that stops gives the lease up, so that its successor need not wait for it to run out.</summary>
    public async Task ReleaseAsync(DarkroomDb db, CancellationToken ct) => await db.Database.ExecuteSqlRawAsync(
        "UPDATE darkroom.leases SET until = darkroom.now() - interval '1 second' WHERE name = {0} AND node_id = {1}; NOTIFY " + Notices.Work,
        [Name, node.Id], ct);
}
