namespace Darkroom.Worker.Storage;

/// <summary>Opens the file a put stores, so that every back end tells a damaged spool from a failing store in the same way.</summary>
internal static class SourceFile
{
    public static StoreResult<FileStream> Open(string path, SourceProperties properties)
    {
        FileStream file;
        try
        {
            // No buffer of its own: both stores copy in pooled ones.
            file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0, FileOptions.SequentialScan);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new StoreFailure(StoreFailureKind.SourceLost, $"The file to store cannot be read: {e.Message}");
        }

        if (file.Length == properties.Length)
        {
            return file;
        }

        var found = file.Length;
        file.Dispose();
        return new StoreFailure(StoreFailureKind.SourceLost, $"The file to store, {path}, has {found} bytes instead of {properties.Length}.");
    }
}
