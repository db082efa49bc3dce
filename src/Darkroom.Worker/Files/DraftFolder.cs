using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Files;

/// <summary>Where drafts are written. A process that is killed leaves its own; any process that shares the folder removes them when they are old.</summary>
internal sealed partial class DraftFolder(IOptions<FilesOptions> options, IHostEnvironment environment, TimeProvider clock, ILogger<DraftFolder> logger)
{
    /// <summary>Without a write for so long nobody is at it any more.</summary>
    static readonly TimeSpan LeftoverAge = TimeSpan.FromDays(1);

    /// <summary>How often this process looks for leftovers, at most.</summary>
    static readonly TimeSpan SweepInterval = TimeSpan.FromHours(1);

    readonly string path = Path.GetFullPath(options.Value.DraftPath, environment.ContentRootPath);
    long sweptAt;

    public FileDraft Create(Guid projectId, Guid fileId)
    {
        const int Buffer = 64 * 1024;
        Directory.CreateDirectory(path);
        SweepLeftovers();
        // Others may read it: the store opens it by its name.
        return new(projectId, fileId, new FileStream(Path.Combine(path, Guid.NewGuid().ToString("N")), new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.Read | FileShare.Delete,
            BufferSize = Buffer,
            Options = FileOptions.Asynchronous | FileOptions.DeleteOnClose,
        }));
    }

    void SweepLeftovers()
    {
        var last = Interlocked.Read(ref sweptAt);
        if ((last != 0 && clock.GetElapsedTime(last) < SweepInterval) || Interlocked.CompareExchange(ref sweptAt, clock.GetTimestamp(), last) != last)
            return;
        foreach (var file in Directory.EnumerateFiles(path))
        {
            if (clock.GetUtcNow() - File.GetLastWriteTimeUtc(file) <= LeftoverAge)
                continue;
            File.Delete(file);
            Log.RemovedLeftover(logger, file);
        }
    }

    static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Removed {File}, left half written by a process that died.")]
        public static partial void RemovedLeftover(ILogger logger, string file);
    }
}
