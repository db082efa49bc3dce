using System.Security.Cryptography;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Storage;

/// <summary>
/// Pictures as plain files under a root folder. Content is written and synced under a passing name, then linked to its own, then
/// the folders are synced: a crash at any point leaves the whole picture or none.
/// </summary>
internal sealed class FileSystemImageStore : IImageStore, IDisposable
{
    private readonly string _root;
    private readonly IncomingFolder _incoming;
    private readonly SemaphoreSlim _writers;

    public FileSystemImageStore(IOptions<StorageOptions> options, TimeProvider clock, ILogger<FileSystemImageStore> logger)
    {
        _root = Path.TrimEndingDirectorySeparator(options.Value.FileSystem.Root);
        _incoming = new IncomingFolder(_root, clock, logger);
        _writers = new SemaphoreSlim(options.Value.MaxConcurrentWrites);
    }

    public async Task<StoreResult<PutOutcome>> PutAsync(
        StoreKey key, string sourcePath, SourceProperties properties, CancellationToken cancellationToken)
    {
        await _writers.WaitAsync(cancellationToken);
        try
        {
            // A thread of its own: waiting for a disk must not hold up the pool that moves a thousand response streams.
            return await Task.Factory.StartNew(
                () => Put(PathOf(key), sourcePath, properties, cancellationToken),
                cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        catch (Exception e) when (FileSystemFailure.From(e, _root) is { } failure)
        {
            return failure;
        }
        finally
        {
            _writers.Release();
        }
    }

    private StoreResult<PutOutcome> Put(string path, string sourcePath, SourceProperties properties, CancellationToken cancellationToken)
    {
        _incoming.Prepare();
        var opened = SourceFile.Open(sourcePath, properties);
        if (opened.Failure is { } lost)
        {
            return lost;
        }

        using var source = opened.Value;
        var isNew = !File.Exists(path) && TryWrite(source, path, cancellationToken);
        if (!isNew && !HasContent(path, properties.Sha256))
        {
            return new StoreFailure(StoreFailureKind.Conflict, $"{path} is there already, with other content.");
        }

        // Also for a file that is not new: whoever named it may have died before this. And always up to the root: a folder that
        // another put has just made may not be on disk yet.
        DurableFile.SyncDirectories(Path.GetDirectoryName(path)!, upTo: _root);
        return isNew ? PutOutcome.Stored : PutOutcome.AlreadyStored;
    }

    private bool TryWrite(FileStream source, string path, CancellationToken cancellationToken)
    {
        var finished = _incoming.Receive(source);
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            return DurableFile.TryPublish(finished, path);
        }
        finally
        {
            File.Delete(finished);
        }
    }

    private static bool HasContent(string path, byte[] sha256)
    {
        using var file = File.OpenRead(path);
        return SHA256.HashData(file).AsSpan().SequenceEqual(sha256);
    }

    public Task<StoreResult<StoredImage?>> OpenReadAsync(StoreKey key, long offset, long? length, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length ?? 0, nameof(length));
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            _incoming.Prepare();
            return Task.FromResult<StoreResult<StoredImage?>>(OpenRead(PathOf(key), offset, length));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException && _incoming.Exists)
        {
            return Task.FromResult<StoreResult<StoredImage?>>(default(StoredImage));
        }
        catch (Exception e) when (FileSystemFailure.From(e, _root) is { } failure)
        {
            return Task.FromResult<StoreResult<StoredImage?>>(failure);
        }
    }

    private static StoredImage OpenRead(string path, long offset, long? length)
    {
        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0, FileOptions.Asynchronous);
        var total = file.Length;
        file.Position = Math.Min(offset, total);
        return new StoredImage(new FileRange(file, Math.Min(length ?? long.MaxValue, total - file.Position)), total);
    }

    public Task<StoreFailure?> DeleteAsync(StoreKey key, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            _incoming.Prepare();
            Delete(PathOf(key));
            return Task.FromResult<StoreFailure?>(null);
        }
        catch (Exception e) when (FileSystemFailure.From(e, _root) is { } failure)
        {
            return Task.FromResult<StoreFailure?>(failure);
        }
    }

    private void Delete(string path)
    {
        if (!File.Exists(path))
        {
            return;
        }

        File.Delete(path);
        try
        {
            for (var folder = Path.GetDirectoryName(path)!;
                folder.Length > _root.Length && !Directory.EnumerateFileSystemEntries(folder).Any();
                folder = Path.GetDirectoryName(folder)!)
            {
                Directory.Delete(folder);
            }
        }
        catch (IOException)
        {
            // Another call has removed or filled the folder meanwhile. A put that loses its folder this way is Unavailable, and repeated.
        }
    }

    public async Task<StoreFailure?> ProbeAsync(CancellationToken cancellationToken)
    {
        try
        {
            // A hung network disk holds this thread, but not the caller.
            await Task.Run(Probe, cancellationToken).WaitAsync(cancellationToken);
            return null;
        }
        catch (Exception e) when (FileSystemFailure.From(e, _root) is { } failure)
        {
            return failure;
        }
    }

    private void Probe()
    {
        _incoming.Prepare();
        _incoming.Probe();
    }

    /// <summary>A folder has no address that others could open.</summary>
    public Uri? SignedUrl(StoreKey key, TimeSpan lifetime) => null;

    public void Dispose() => _writers.Dispose();

    private string PathOf(StoreKey key) => Path.Combine(_root, key.Path);
}
