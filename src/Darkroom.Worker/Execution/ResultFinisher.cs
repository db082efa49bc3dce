using Darkroom.Migrations.Rows;
using Darkroom.Worker.Database;
using Darkroom.Worker.Jobs;
using Darkroom.Worker.Observability;
using Darkroom.Worker.Storage;
using Darkroom.Worker.Usage;

namespace Darkroom.Worker.Execution;

/// <summary>Brings a spooled answer home: pictures to the store, then the record, then the spool is emptied. Every step may be repeated.</summary>
internal sealed partial class ResultFinisher(
    IImageStore store, JobTransitions jobs, AttemptEndings endings, Pricing pricing, StoreWatch storeWatch, DatabaseRetry database,
    DarkroomMetrics metrics, TimeProvider clock, ILogger<ResultFinisher> logger)
{
    static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(500), LongestWait = TimeSpan.FromSeconds(15);

    /// <exception cref="OperationCanceledException">The process must end; the answer stays in the spool for whoever adopts it.</exception>
    public async Task FinishAsync(SpoolManifest manifest, SpoolFolder folder, WatchedAttempt watched, CancellationToken giveUp)
    {
        try
        {
            if (await StoreAllAsync(manifest, folder, watched, giveUp) is { } refusal)
                await SetAsideAsync(manifest, folder, refusal.Message, watched, giveUp);
            else
                await RecordAsync(manifest, folder, watched, giveUp);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // A defect of ours must not buy again what was paid for.
            Log.Defect(logger, e, manifest.AttemptId);
            await SetAsideAsync(manifest, folder, e.Message, watched, giveUp);
        }
    }

    async Task RecordAsync(SpoolManifest manifest, SpoolFolder folder, WatchedAttempt watched, CancellationToken giveUp)
    {
        var result = ResultOf(manifest);
        Recording recording;
        using (watched.Recording())
            recording = await database.UntilWrittenAsync("record", ct => jobs.SucceedAsync(manifest.AttemptId, result, ct), giveUp);
        watched.Recorded(recording, manifest, result.Cost);
        if (recording == Recording.NoSuchAttempt)
        {
            // A database restored, or failed over, to a moment before the claim; or another installation's spool. Paid for all the same.
            folder.SetAside(manifest.AttemptId);
            Log.OfNobody(logger, manifest.AttemptId, manifest.JobId, folder.FullName);
            return;
        }
        if (recording == Recording.Superseded)
            await RemoveAsync(manifest, giveUp);
        folder.Delete(manifest.AttemptId);
    }

    /// <summary>What no repetition can finish waits in the spool for a person, and its job says so.</summary>
    async Task SetAsideAsync(SpoolManifest manifest, SpoolFolder folder, string reason, WatchedAttempt watched, CancellationToken giveUp)
    {
        folder.SetAside(manifest.AttemptId);
        watched.Ended(await database.UntilWrittenAsync("set aside", ct => endings.SetAsideAsync(manifest, reason, ct), giveUp));
    }

    /// <summary>Null when all are stored, else why no repetition can help.</summary>
    async Task<StoreFailure?> StoreAllAsync(SpoolManifest manifest, SpoolFolder folder, WatchedAttempt watched, CancellationToken giveUp)
    {
        using var storing = watched.Storing();
        foreach (var picture in manifest.Pictures)
        {
            if (await StoreAsync(manifest, picture, folder, giveUp) is { } refusal)
                return refusal;
        }
        return null;
    }

    /// <summary>Pictures that no job shows would stay in the store for ever. Failing to remove one costs space and nothing else.</summary>
    async Task RemoveAsync(SpoolManifest manifest, CancellationToken giveUp)
    {
        foreach (var picture in manifest.Pictures)
        {
            if (await store.DeleteAsync(KeyOf(manifest, picture), giveUp) is { } failure)
                Log.NotRemoved(logger, KeyOf(manifest, picture).Path, failure);
        }
    }

    static ImageKey KeyOf(SpoolManifest manifest, SpooledPicture picture) =>
        new(manifest.ProjectId, manifest.JobId, manifest.AttemptId, picture.Index, picture.Format.Extension);

    /// <summary>Puts one picture, for as long as it takes; a failure only where no repetition can help: the spool itself is damaged.</summary>
    async Task<StoreFailure?> StoreAsync(SpoolManifest manifest, SpooledPicture picture, SpoolFolder folder, CancellationToken giveUp)
    {
        var key = KeyOf(manifest, picture);
        var source = new SourceProperties(picture.Bytes, picture.Sha256);
        for (var wait = FirstWait; ; wait = wait * 2 < LongestWait ? wait * 2 : LongestWait)
        {
            var put = await store.PutAsync(key, folder.PicturePath(manifest.AttemptId, picture.Index), source, giveUp);
            if (put.Failure is not { } failure)
            {
                storeWatch.Worked();
                return null;
            }
            metrics.StoreFailed();
            Log.NotStored(logger, key.Path, failure);
            if (!failure.MayPass)
                return failure;
            storeWatch.Failed(failure.Message);
            await Task.Delay(wait * (0.5 + Random.Shared.NextDouble() / 2), clock, giveUp);
        }
    }

    JobResult ResultOf(SpoolManifest manifest) => new(
        manifest.Facts, manifest.Created, manifest.OutputFormat, manifest.Quality, manifest.Size, manifest.Partial,
        pricing.Cost(manifest.Model, manifest.Usage),
        [.. manifest.Pictures.Select(p => new Image
        {
            JobId = manifest.JobId, AttemptId = manifest.AttemptId, Index = p.Index,
            Extension = p.Format.Extension, ContentType = p.Format.ContentType, Bytes = p.Bytes, Sha256 = p.Sha256, Crc32 = p.Crc32, Width = p.Width, Height = p.Height,
        })]);

    static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "Attempt {Attempt} of job {Job} is not in this database; its answer is set aside in {Folder} for a person.")]
        public static partial void OfNobody(ILogger logger, Guid attempt, Guid job, string folder);

        [LoggerMessage(LogLevel.Error, "The answer of attempt {Attempt} met a defect and is set aside in the spool.")]
        public static partial void Defect(ILogger logger, Exception error, Guid attempt);

        [LoggerMessage(LogLevel.Warning, "Picture {Key} belongs to no job and could not be removed: {Failure}")]
        public static partial void NotRemoved(ILogger logger, string key, StoreFailure failure);

        [LoggerMessage(LogLevel.Warning, "Picture {Key} could not be stored: {Failure}")]
        public static partial void NotStored(ILogger logger, string key, StoreFailure failure);
    }
}
