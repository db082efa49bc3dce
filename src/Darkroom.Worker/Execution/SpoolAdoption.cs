using Darkroom.Worker.Database;
using Darkroom.Worker.Jobs;
using Darkroom.Worker.Observability;

namespace Darkroom.Worker.Execution;

/// <summary>Every few seconds: finishes what dead processes left in the spool, beside this node's own calls.</summary>
internal sealed partial class SpoolAdoption(
    Spool spool, NodeIdentity node, JobTransitions jobs, ResultFinisher finisher, DatabaseRetry database, AttemptTelemetry telemetry, TimeProvider clock,
    ILogger<SpoolAdoption> logger)
    : BackgroundService
{
    static readonly TimeSpan Interval = TimeSpan.FromSeconds(3);

    /// <summary>A dead node may have left hundreds of answers; the store bounds how many are put at once.</summary>
    const int AtOnce = 16;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                foreach (var folder in spool.Abandoned())
                    await TryAdoptAsync(folder, stoppingToken);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Log.NotReadable(logger, spool.Root, e.Message);
            }
            await Task.Delay(Interval, clock, stoppingToken);
        }
    }

    /// <summary>A folder that cannot be finished keeps none of the others waiting.</summary>
    async Task TryAdoptAsync(SpoolFolder folder, CancellationToken ct)
    {
        try
        {
            await AdoptAsync(folder, ct);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException || DatabaseOutage.OrDefect(e, logger))
        {
            Log.NotReadable(logger, folder.FullName, e.Message);
        }
    }

    async Task AdoptAsync(SpoolFolder folder, CancellationToken ct)
    {
        var manifests = folder.Manifests().ToList();
        // All of them first: finishing one may wait for the store, and meanwhile a rescue would buy the others again.
        foreach (var manifest in manifests)
        {
            await database.UntilWrittenAsync("adopted", write => jobs.AdoptedAsync(manifest.AttemptId, manifest.Facts, node.Id, write), ct);
            Log.Adopted(logger, manifest.AttemptId, manifest.JobId);
        }
        await Parallel.ForEachAsync(
            manifests, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = ct },
            async (manifest, _) =>
            {
                using var watched = telemetry.Adopt(manifest);
                await finisher.FinishAsync(manifest, folder, watched, ct);
            });
        folder.Remove();
    }

    static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Adopted attempt {Attempt} of job {Job}: its answer was received by a process that is gone.")]
        public static partial void Adopted(ILogger logger, Guid attempt, Guid job);

        [LoggerMessage(LogLevel.Error, "What dead processes left in {Folder} cannot be finished now: {Reason}")]
        public static partial void NotReadable(ILogger logger, string folder, string reason);
    }
}
