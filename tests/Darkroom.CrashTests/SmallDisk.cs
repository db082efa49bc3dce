using System.Diagnostics;
using Darkroom.Tests.Infrastructure;

namespace Darkroom.CrashTests;

/// <summary>A file system of a few megabytes, to be filled to its last byte.</summary>
internal sealed class SmallDisk : IDisposable
{
    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("darkroom-disk-");

    /// <summary>Skips the test where nothing may be mounted.</summary>
    public SmallDisk(int megabytes)
    {
        if (Run("mount", "-t", "tmpfs", "-o", $"size={megabytes}m", "tmpfs", Path) is not { } refusal)
            return;
        folder.Delete();
        Requirements.Missing(Requirements.Mount, $"only root may mount a file system, on Linux ({refusal})");
    }

    public string Path => folder.FullName;

    string Ballast => System.IO.Path.Combine(Path, "ballast");

    /// <summary>Nothing more can be written afterwards.</summary>
    public void Fill()
    {
        using var ballast = new FileStream(Ballast, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        var piece = new byte[4096];
        try
        {
            while (true)
                ballast.Write(piece);
        }
        catch (IOException)
        {
            // Full.
        }
    }

    public void MakeRoom() => File.Delete(Ballast);

    static string? Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var said = process.StandardError.ReadToEnd().Trim();
        process.WaitForExit();
        return process.ExitCode == 0 ? null : said;
    }

    public void Dispose()
    {
        Run("umount", "--lazy", Path);
        folder.Delete(recursive: true);
    }
}
