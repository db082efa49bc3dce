namespace Darkroom.Worker.Storage;

/// <summary>The one place where file system exceptions become failures.</summary>
internal static class FileSystemFailure
{
    // .NET puts the system's own error number into HResult: ENOSPC, EDQUOT (Linux, macOS), ERROR_HANDLE_DISK_FULL, ERROR_DISK_FULL; EROFS.
    private static readonly int[] Full = [28, 122, 69, unchecked((int)0x80070027), unchecked((int)0x80070070)];
    private const int ReadOnly = 30;

    /// <summary>Null for an exception that is not the file system's, which then goes its way.</summary>
    public static StoreFailure? From(Exception exception, string root)
    {
        StoreFailureKind? kind = exception switch
        {
            UnauthorizedAccessException or IOException { HResult: ReadOnly } => StoreFailureKind.Denied,
            IOException when Full.Contains(exception.HResult) => StoreFailureKind.Full,
            IOException => StoreFailureKind.Unavailable,
            _ => null,
        };
        return kind is null ? null : new StoreFailure(kind.Value, $"The image folder {root} cannot be used: {exception.Message}");
    }
}
