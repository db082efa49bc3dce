using System.Runtime.InteropServices;

namespace Darkroom.Worker.Storage;

/// <summary>The two steps of a crash-safe write that .NET does not offer. Failures are <see cref="IOException"/> with the error number as HResult.</summary>
internal static class DurableFile
{
    private const int NotPermitted = 1, Exists = 17, InvalidArgument = 22, NotSupportedOnLinux = 95, NotSupportedOnMac = 45;

    /// <summary>
    /// Gives a finished file its final name, in one step and never over another file; false when the name is taken.
    /// The file may keep its old name too. Not durable before <see cref="SyncDirectory"/>.
    /// </summary>
    public static bool TryPublish(string finished, string name)
    {
        // File.Move looks first and renames then: two writers at once would both believe they made the file. A link is one step.
        if (!OperatingSystem.IsWindows())
        {
            if (Link(finished, name) == 0)
            {
                return true;
            }

            switch (Marshal.GetLastPInvokeError())
            {
                case Exists:
                    return false;
                case NotPermitted or NotSupportedOnLinux or NotSupportedOnMac:
                    break; // A file system without hard links, such as an SMB share.
                case var error:
                    throw Failure(error, name);
            }
        }

        if (File.Exists(name))
        {
            return false;
        }

        File.Move(finished, name, overwrite: false);
        return true;
    }

    /// <summary>Syncs a directory and those above it, the last one included.</summary>
    public static void SyncDirectories(string path, string upTo)
    {
        for (string? directory = path; directory?.Length >= upTo.Length; directory = Path.GetDirectoryName(directory))
        {
            SyncDirectory(directory);
        }
    }

    /// <summary>Makes the names in a directory survive a power cut. Windows keeps them in its journal without being asked.</summary>
    public static void SyncDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var descriptor = Open(path, flags: 0);
        if (descriptor < 0)
        {
            throw Failure(Marshal.GetLastPInvokeError(), path);
        }

        try
        {
            // Some network file systems cannot sync a directory, and say so by these; there is nothing more to ask of them.
            if (Sync(descriptor) != 0 &&
                Marshal.GetLastPInvokeError() is var error and not (InvalidArgument or NotSupportedOnLinux or NotSupportedOnMac))
            {
                throw Failure(error, path);
            }
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    private static IOException Failure(int error, string path) => new($"{Marshal.GetPInvokeErrorMessage(error)}: '{path}'", error);

    [DllImport("libc", EntryPoint = "link", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Link([MarshalAs(UnmanagedType.LPUTF8Str)] string from, [MarshalAs(UnmanagedType.LPUTF8Str)] string to);

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Sync(int descriptor);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Close(int descriptor);
}
