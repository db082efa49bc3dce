namespace Darkroom.Worker.Execution;

/// <summary>Every few seconds: finishes what dead processes left in the spool, beside this node's own calls.</summary>
internal sealed partial class SpoolAdoption(Spool spool, ResultFinisher finisher, TimeProvider clock, ILogger<SpoolAdoption> logger) : BackgroundService
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
                    await AdoptAsync(folder, stoppingToken);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Log.NotReadable(logger, spool.Root, e.Message);
            }
            await Task.Delay(Interval, clock, stoppingToken);
        }
    }

    async Task AdoptAsync(SpoolFolder folder, CancellationToken ct)
    {
        await Parallel.ForEachAsync(
            folder.Manifests().ToList(), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = ct },
            async (manifest, _) =>
            {
                Log.Adopted(logger, manifest.AttemptId, manifest.JobId);
                await finisher.FinishAsync(manifest, folder, ct);
            });
        folder.Remove();
    }

    static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Adopted attempt {Attempt} of job {Job}: its answer was received by a process that is gone.")]
        public static partial void Adopted(ILogger logger, Guid attempt, Guid job);

        [LoggerMessage(LogLevel.Error, "What dead processes left in the spool {Root} cannot be finished: {Reason}")]
        public static partial void NotReadable(ILogger logger, string root, string reason);
    }
}
