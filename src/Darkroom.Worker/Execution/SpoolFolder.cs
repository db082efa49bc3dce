using Darkroom.Worker.Storage;

namespace Darkroom.Worker.Execution;

/// <summary>
/// One process's folder in the spool, under an exclusive file lock that the system drops when the process dies: a folder that can be
/// locked belongs to nobody alive.
/// </summary>
internal sealed class SpoolFolder : IDisposable
{
    const string LockName = ".lock";
    const string ManifestEnding = ".json";

    readonly string path;
    readonly FileStream ownership;

    SpoolFolder(string path, FileStream ownership) => (this.path, this.ownership) = (path, ownership);

    public string FullName => path;

    /// <summary>Makes and locks the folder of this process. An adopter may be looking at it just now, hence the few tries.</summary>
    /// <exception cref="IOException">The folder cannot be made or written.</exception>
    public static SpoolFolder Create(string root, Guid nodeId)
    {
        var path = Path.Combine(root, nodeId.ToString("N"));
        for (var tries = 0; ; tries++)
        {
            Directory.CreateDirectory(path);
            if (TryLock(path, FileMode.OpenOrCreate) is { } folder)
                return folder;
            if (tries == 100)
                throw new IOException($"The spool folder {path} is held by another process.");
        }
    }

    /// <summary>The folders that dead processes left in <paramref name="root"/>, locked for the caller one after the other.</summary>
    public static IEnumerable<SpoolFolder> Abandoned(string root)
    {
        foreach (var path in Directory.EnumerateDirectories(root))
        {
            using var folder = TryLock(path, FileMode.Open);
            if (folder is not null)
                yield return folder;
        }
    }

    /// <summary>One manifest of any process, without its lock: a manifest is whole or not there.</summary>
    public static SpoolManifest? Find(string root, Guid attemptId)
    {
        try
        {
            return Directory.EnumerateDirectories(root).Select(folder => Path.Combine(folder, $"{attemptId:N}{ManifestEnding}"))
                .Where(File.Exists).Select(file => SpoolManifest.Read(File.ReadAllBytes(file))).FirstOrDefault();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    static SpoolFolder? TryLock(string path, FileMode mode)
    {
        try
        {
            return new SpoolFolder(path, new FileStream(Path.Combine(path, LockName), mode, FileAccess.ReadWrite, FileShare.None));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Unbuffered: the decoder writes whole pooled buffers.</summary>
    public Stream CreatePicture(Guid attemptId, int index) =>
        new FileStream(PicturePath(attemptId, index), FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);

    public string PicturePath(Guid attemptId, int index) => Path.Combine(path, $"{attemptId:N}.{index}");

    /// <summary>Pictures first, then the manifest, then the folder's entry for it: after a power cut the manifest is whole or not there.</summary>
    public void Commit(SpoolManifest manifest)
    {
        foreach (var picture in manifest.Pictures)
            FlushToDisk(PicturePath(manifest.AttemptId, picture.Index));
        var final = ManifestPath(manifest.AttemptId);
        var partial = final + ".part";
        File.WriteAllBytes(partial, manifest.Write());
        FlushToDisk(partial);
        File.Move(partial, final, overwrite: true);
        DurableFile.SyncDirectory(path);
    }

    static void FlushToDisk(string file)
    {
        using var handle = File.OpenHandle(file, FileMode.Open, FileAccess.ReadWrite);
        RandomAccess.FlushToDisk(handle);
    }

    /// <summary>Everything that waits here to be finished, oldest first.</summary>
    public IEnumerable<SpoolManifest> Manifests() => Directory.EnumerateFiles(path, "*" + ManifestEnding).Order()
        .Select(file => SpoolManifest.Read(File.ReadAllBytes(file))).OfType<SpoolManifest>();

    public bool HasManifests => Directory.EnumerateFiles(path, "*" + ManifestEnding).Any();

    /// <summary>How many results wait here for the store, and the bytes of everything here.</summary>
    public (int Results, long Bytes) Waiting()
    {
        var files = new DirectoryInfo(path).GetFiles();
        return (files.Count(f => f.Extension == ManifestEnding), files.Sum(f => f.Exists ? f.Length : 0));
    }

    /// <summary>A damaged result is kept for a person to look at, and not tried again.</summary>
    public void SetAside(Guid attemptId) => File.Move(ManifestPath(attemptId), ManifestPath(attemptId) + ".damaged", overwrite: true);

    /// <summary>Forgets an attempt: its manifest first, so that a crash leaves pictures without a manifest and not the reverse.</summary>
    public void Delete(Guid attemptId)
    {
        File.Delete(ManifestPath(attemptId));
        foreach (var file in Directory.EnumerateFiles(path, $"{attemptId:N}.*"))
            File.Delete(file);
    }

    /// <summary>Removes the folder with whatever unfinished answers are in it, unless something in it waits for a person.</summary>
    public void Remove()
    {
        if (!Directory.EnumerateFiles(path, "*.damaged").Any())
            Directory.Delete(path, recursive: true);
    }

    string ManifestPath(Guid attemptId) => Path.Combine(path, $"{attemptId:N}{ManifestEnding}");

    public void Dispose() => ownership.Dispose();
}
