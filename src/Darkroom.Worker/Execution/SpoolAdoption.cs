using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Execution;

/// <summary>
/// Every few seconds: finishes what dead processes left in the spool, and stops the node from taking more work while too much waits there
/// or the disk is nearly full.
/// </summary>
internal sealed partial class SpoolAdoption(
    Spool spool, ResultFinisher finisher, NodeCondition condition, IOptions<WorkerOptions> options, TimeProvider clock,
    ILogger<SpoolAdoption> logger) : BackgroundService
{
    static readonly TimeSpan Interval = TimeSpan.FromSeconds(3);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                condition.Set("spool", ObjectionToMore());
                foreach (var folder in spool.Abandoned())
                    await AdoptAsync(folder, stoppingToken);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Log.NotReadable(logger, spool.Root, e.Message);
                condition.Set("spool", $"the spool cannot be read: {e.Message}");
            }
            await Task.Delay(Interval, clock, stoppingToken);
        }
    }

    async Task AdoptAsync(SpoolFolder folder, CancellationToken ct)
    {
        foreach (var manifest in folder.Manifests().ToList())
        {
            Log.Adopted(logger, manifest.AttemptId, manifest.JobId);
            await finisher.FinishAsync(manifest, folder, ct);
        }
        folder.Remove();
    }

    string? ObjectionToMore()
    {
        var limits = options.Value;
        var (results, bytes) = spool.Own.Waiting();
        var free = new DriveInfo(spool.Root).AvailableFreeSpace;
        return results >= limits.SpoolMaxResults ? $"{results} results wait for the store"
            : bytes >= limits.SpoolMaxBytes ? $"{bytes >> 20} MiB wait for the store"
            : free < limits.SpoolMinFreeBytes ? $"the spool's disk has only {free >> 20} MiB free"
            : null;
    }

    static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Adopted attempt {Attempt} of job {Job}: its answer was received by a process that is gone.")]
        public static partial void Adopted(ILogger logger, Guid attempt, Guid job);

        [LoggerMessage(LogLevel.Error, "The spool {Root} cannot be read ({Reason}); this node takes no work.")]
        public static partial void NotReadable(ILogger logger, string root, string reason);
    }
}
