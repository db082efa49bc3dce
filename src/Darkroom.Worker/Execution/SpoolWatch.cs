using Darkroom.Worker.Storage;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Execution;

/// <summary>
/// Stops the node from taking more work while too much waits in its spool, or a disk it writes to is nearly full: an answer that cannot
/// be written has been paid for all the same. Apart from adoption, which may wait for a store that is down.
/// </summary>
internal sealed partial class SpoolWatch(
    Spool spool, NodeCondition condition, IOptions<WorkerOptions> options, IOptions<StorageOptions> storage, TimeProvider clock,
    ILogger<SpoolWatch> logger) : BackgroundService
{
    static readonly TimeSpan Interval = TimeSpan.FromSeconds(3);

    const string Part = "spool";

    /// <summary>Before the first ticket is taken.</summary>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        Look();
        return base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await Task.Delay(Interval, clock, stoppingToken);
            Look();
        }
    }

    void Look()
    {
        try
        {
            condition.Set(Part, ObjectionToMore());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.NotReadable(logger, spool.Root, e.Message);
            condition.Set(Part, $"the spool cannot be read: {e.Message}");
        }
    }

    string? ObjectionToMore()
    {
        var limits = options.Value;
        var (results, bytes) = spool.Own.Waiting();
        return results >= limits.SpoolMaxResults ? $"{results} results wait for the store"
            : bytes >= limits.SpoolMaxBytes ? $"{bytes >> 20} MiB wait for the store"
            : ObjectionOf("the spool's disk", spool.Root)
                ?? (storage.Value.UsesFileSystem ? ObjectionOf("the disk of the image store", Existing(storage.Value.FileSystem.Root)) : null);
    }

    string? ObjectionOf(string disk, string path)
    {
        var free = new DriveInfo(path).AvailableFreeSpace;
        return free < options.Value.SpoolMinFreeBytes ? $"{disk} has only {free >> 20} MiB free (Darkroom:Worker:SpoolMinFreeBytes)" : null;
    }

    /// <summary>The store makes its folder at the first put.</summary>
    static string Existing(string path) => Directory.Exists(path) || Path.GetDirectoryName(path) is not { } parent ? path : Existing(parent);

    static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "The spool {Root} cannot be read ({Reason}); this node takes no work.")]
        public static partial void NotReadable(ILogger logger, string root, string reason);
    }
}
