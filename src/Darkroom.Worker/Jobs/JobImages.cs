using Darkroom.Migrations;
using Darkroom.Migrations.Rows;
using Darkroom.Worker.Access;
using Darkroom.Worker.Api;
using Darkroom.Worker.Storage;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Jobs;

/// <summary>Finds one picture and sends it.</summary>
internal sealed class JobImages(IDbContextFactory<DarkroomDb> databases, StoredContent content)
{
    public async Task<IResult> SendAsync(HttpContext http, string id, int index, CancellationToken ct)
    {
        if (!WireId.Job.TryParse(id, out var jobId) || await FindAsync(http, jobId, index, ct) is not var (job, image))
            return JobRoutes.NoSuchJob(id);
        if (image is null)
        {
            if (job.PicturesRemoved)
                return ApiError.Gone("The pictures of this job were removed when their time was over (Darkroom:Retention:Pictures).");
            return ApiError.NotFound(job.Status == JobStatus.Succeeded
                ? $"Job '{id}' has no picture {index}; the first is 0."
                : $"Job '{id}' is {job.Status} and has no pictures.");
        }
        var key = new ImageKey(job.ProjectId, image.JobId, image.AttemptId, image.Index, image.Extension);
        var disposition = $"inline; filename=\"{WireId.Job.Format(image.JobId)}-{image.Index}.{image.Extension}\"";
        return await content.SendAsync(http, new(key, "picture", image.Bytes, image.Sha256, disposition), ct);
    }

    /// <summary>A signed link opens its job whatever the project; a key only its own project's.</summary>
    async Task<(JobFacts, Image?)?> FindAsync(HttpContext http, Guid jobId, int index, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        var job = await db.Jobs.Where(j => j.Id == jobId)
            .Select(j => new JobFacts(j.ProjectId, j.Status, j.Status == JobStatus.Succeeded && j.Images.Count == 0)).SingleOrDefaultAsync(ct);
        if (job is null || (!http.User.IsLink() && job.ProjectId != http.User.ProjectId()))
            return null;
        return (job, await db.Images.AsNoTracking().SingleOrDefaultAsync(i => i.JobId == jobId && i.Index == index, ct));
    }

    sealed record JobFacts(Guid ProjectId, string Status, bool PicturesRemoved);
}
