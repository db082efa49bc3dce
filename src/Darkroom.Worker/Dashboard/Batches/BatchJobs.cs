using Darkroom.Migrations;
using Darkroom.Migrations.Rows;
using Darkroom.Worker.Dashboard.Jobs;

namespace Darkroom.Worker.Dashboard.Batches;

/// <summary>
/// Lines of a batch in one state, the last of the file first. The time in which its lines were made is named too: whichever index the
/// database takes, it reads this batch's part of it and not the whole project's.
/// </summary>
internal static class BatchJobs
{
    static readonly TimeSpan Margin = TimeSpan.FromMinutes(1);

    public static Task<JobPage> ReadAsync(DarkroomDb db, Batch batch, string status, Guid? after, int size, CancellationToken ct) => JobPages.ReadAsync(
        db, batch.ProjectId,
        JobsQuery.Parse("") with { Statuses = [status], Batch = batch.Id, From = batch.CreatedAt - Margin, To = (batch.InProgressAt ?? batch.CreatedAt) + Margin, After = after },
        size, ct);
}
