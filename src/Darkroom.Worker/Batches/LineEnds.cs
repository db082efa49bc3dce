using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Darkroom.Migrations;
using Darkroom.Migrations.Rows;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Batches;

/// <summary>
/// Which lines have ended, in the order in which they did, also while the batch runs. Read only where the transaction is older than every
/// running one, so that a cursor skips nothing which commits late. Of a line that was put back and ended again the last end counts: a reader
/// who has seen an earlier one sees the line a second time, as it has become.
/// </summary>
internal sealed class LineEnds(IDbContextFactory<DarkroomDb> databases)
{
    /// <returns>Up to one end more than the limit, and the lines of those that are still as their end says.</returns>
    public async Task<(List<LineEnd> Ends, Dictionary<Guid, LineOutcome> Lines)> ReadAsync(Guid batchId, EndsCursor after, int limit, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        // One job's events are written under its row's lock, so that their numbers are in its order.
        var ends = await db.Database.SqlQuery<LineEnd>($"""
            SELECT e.xid::text AS xid, e.id, e.job_id FROM darkroom.job_events AS e
            WHERE e.batch_id = {batchId} AND (e.xid, e.id) > ({after.Xid}::text::xid8, {after.Id}) AND e.xid < pg_snapshot_xmin(pg_current_snapshot())
              AND e.status IN ('succeeded', 'failed', 'canceled')
              AND NOT EXISTS (SELECT FROM darkroom.job_events AS later WHERE later.job_id = e.job_id AND later.id > e.id)
            ORDER BY e.xid, e.id LIMIT {limit + 1}
            """).ToListAsync(ct);
        var ids = ends.Take(limit).Select(e => e.JobId).ToArray();
        var jobs = await db.Jobs.Include(j => j.Images).AsNoTracking()
            .Where(j => ids.Contains(j.Id) && (j.Status == JobStatus.Succeeded || j.Status == JobStatus.Failed || j.Status == JobStatus.Canceled)).ToListAsync(ct);
        return (ends, (await BatchLines.WithRequestsAsync(db, jobs, ct)).ToDictionary(l => l.Job.Id));
    }
}

internal sealed record LineEnd(string Xid, long Id, Guid JobId)
{
    public EndsCursor Cursor => new(Xid, Id);
}

/// <summary>How far a reader has come. Opaque on the wire.</summary>
internal sealed record EndsCursor(string Xid, long Id)
{
    public static readonly EndsCursor Beginning = new("0", 0);

    public override string ToString() => Base64Url.EncodeToString(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Xid}.{Id}")));

    public static EndsCursor? Parse(string text)
    {
        if (text.Length > 60 || !Base64Url.IsValid(text))
            return null;
        return Encoding.ASCII.GetString(Base64Url.DecodeFromChars(text)).Split('.') is [var xid, var id]
            && ulong.TryParse(xid, NumberStyles.None, CultureInfo.InvariantCulture, out _)
            && long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? new(xid, number)
            : null;
    }
}
