namespace Darkroom.Worker.Storage;

/// <summary>
/// <c>.incoming</c> under the file system store's root: where files are written before they get their names. It is on the root's
/// own file system, so that naming is a link, and it is one folder, so that finding what a crash left is one listing.
/// </summary>
internal sealed partial class IncomingFolder(string root, TimeProvider clock, ILogger logger)
{
    /// <summary>A put takes seconds: a file this old was left by a process that died, on whatever node.</summary>
    private static readonly TimeSpan LeftoverAge = TimeSpan.FromHours(1);

    private readonly string _path = Path.Combine(root, ".incoming");
    private bool _prepared;
    private long _sweptAt;

    /// <summary>False when the root has vanished since <see cref="Prepare"/>, as an unmounted volume does.</summary>
    public bool Exists => Directory.Exists(_path);

    /// <summary>
    /// Makes the folders, once. They are not made again later: a volume that vanishes under a running process must be an error,
    /// not the start of a second store on the disk beneath it.
    /// </summary>
    public void Prepare()
    {
        if (_prepared)
        {
            return;
        }

        var existing = root;
        while (!Directory.Exists(existing) && Path.GetDirectoryName(existing) is { } parent)
        {
            existing = parent;
        }

        Directory.CreateDirectory(_path);
        DurableFile.SyncDirectories(root, upTo: existing);
        _prepared = true;
    }

    /// <summary>A durable copy of a file under a name of its own, which the caller publishes and then deletes.</summary>
    public string Receive(FileStream source)
    {
        SweepLeftovers();
        var path = NewName();
        try
        {
            using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
            source.CopyTo(file);
            file.Flush(flushToDisk: true);
            return path;
        }
        catch
        {
            File.Delete(path);
            throw;
        }
    }

    /// <summary>Throws what a put would throw. It writes a byte, since an empty file can still be made on a full disk.</summary>
    public void Probe()
    {
        using var file = new FileStream(NewName(), FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, FileOptions.DeleteOnClose);
        file.WriteByte(0);
    }

    private void SweepLeftovers()
    {
        var last = Interlocked.Read(ref _sweptAt);
        if ((last != 0 && clock.GetElapsedTime(last) < LeftoverAge) ||
            Interlocked.CompareExchange(ref _sweptAt, clock.GetTimestamp(), last) != last)
        {
            return;
        }

        foreach (var file in Directory.EnumerateFiles(_path))
        {
            if (clock.GetUtcNow() - File.GetLastWriteTimeUtc(file) > LeftoverAge)
            {
                File.Delete(file);
                Log.RemovedLeftover(logger, file);
            }
        }
    }

    private string NewName() => Path.Combine(_path, Guid.NewGuid().ToString("N"));

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Removed {File}, left half written by a process that died.")]
        public static partial void RemovedLeftover(ILogger logger, string file);
    }
}
