using Darkroom.Migrations;
using Darkroom.Migrations.Rows;
using Darkroom.Worker.Api;
using Darkroom.Worker.Storage;
using Microsoft.EntityFrameworkCore;
using SkiaSharp;

namespace Darkroom.Worker.Dashboard.Jobs;

/// <summary>Small pictures for lists, made when first looked at and kept in the database, where they go with their picture.</summary>
internal sealed class Thumbnails(IDbContextFactory<DarkroomDb> databases, IImageStore store) : IDisposable
{
    const int Side = 320, Quality = 78;

    /// <summary>A picture claiming more is not decoded: four bytes of memory for each pixel.</summary>
    const long MostPixels = 40_000_000;

    /// <summary>Decoding is the one place that holds a picture whole; two at a time bound its memory.</summary>
    readonly SemaphoreSlim turns = new(2);

    /// <returns>WebP; null where there is no such picture, or none that can be made small.</returns>
    public async Task<byte[]?> GetAsync(Guid projectId, Guid jobId, int index, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        var found = await (from image in db.Images
                           join job in db.Jobs on image.JobId equals job.Id
                           where job.Id == jobId && image.Index == index && job.ProjectId == projectId
                           select new { image, small = db.Thumbnails.Where(t => t.JobId == jobId && t.Index == index).Select(t => t.Bytes).FirstOrDefault() })
            .AsNoTracking().SingleOrDefaultAsync(ct);
        if (found is null || found.small is not null || (long)found.image.Width * found.image.Height > MostPixels)
            return found?.small;
        await turns.WaitAsync(ct);
        try
        {
            if (await MakeAsync(projectId, found.image, ct) is not { } made)
                return null;
            await db.Database.ExecuteSqlAsync($"""
                INSERT INTO darkroom.thumbnails (job_id, index, bytes)
                SELECT job_id, index, {made} FROM darkroom.images WHERE job_id = {jobId} AND index = {index}
                ON CONFLICT DO NOTHING
                """, ct);
            return made;
        }
        finally
        {
            turns.Release();
        }
    }

    async Task<byte[]?> MakeAsync(Guid projectId, Image image, CancellationToken ct)
    {
        var opened = await store.OpenReadAsync(new ImageKey(projectId, image.JobId, image.AttemptId, image.Index, image.Extension), 0, null, ct);
        if (opened.Value is not { } stored)
            return null;
        using var whole = new MemoryStream((int)image.Bytes);
        await using (stored)
            await stored.Body.CopyToAsync(whole, ct);
        using var picture = SKBitmap.Decode(whole.GetBuffer().AsSpan(0, (int)whole.Length));
        if (picture is null)
            return null;
        var scale = Math.Min(1f, (float)Side / Math.Max(picture.Width, picture.Height));
        var size = new SKImageInfo(Math.Max(1, (int)(picture.Width * scale)), Math.Max(1, (int)(picture.Height * scale)));
        using var small = picture.Resize(size, new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear));
        using var encoded = small?.Encode(SKEncodedImageFormat.Webp, Quality);
        return encoded?.ToArray();
    }

    public void Dispose() => turns.Dispose();
}
