using System.ComponentModel;
using System.Diagnostics;
using System.Security.Cryptography;

namespace Darkroom.Tests.Infrastructure;

/// <summary>Installs an npm package once per user and pinned version, in a folder that all test runs on the machine share.</summary>
internal static class NpmPackage
{
    private static readonly TimeSpan InstallTimeout = TimeSpan.FromMinutes(5);

    /// <summary>The folder that holds its <c>node_modules</c>. Blocks while this or another process installs it.</summary>
    /// <param name="pins">The folder of its package.json and package-lock.json beside the tests.</param>
    /// <exception cref="InvalidOperationException">npm is missing or could not install it; the message says why.</exception>
    public static string Install(params string[] pins)
    {
        var (pinned, name) = (Path.Combine([AppContext.BaseDirectory, .. pins]), pins[^1]);
        var version = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(pinned, "package-lock.json"))))[..16];
        var folder = Path.Combine(Cache(), $"{name}-{version}");
        using var oneAtATime = new Mutex(initiallyOwned: false, $@"Global\darkroom-{name}-{version}");
        try
        {
            oneAtATime.WaitOne();
        }
        catch (AbandonedMutexException)
        {
            // Its owner died while installing; the mutex is ours, and what it left half done is replaced below.
        }

        try
        {
            if (!Directory.Exists(folder))
            {
                InstallInto(folder, pinned);
            }
        }
        finally
        {
            oneAtATime.ReleaseMutex();
        }

        return folder;
    }

    private static void InstallInto(string folder, string pinned)
    {
        var partial = folder + ".partial";
        if (Directory.Exists(partial))
        {
            Directory.Delete(partial, recursive: true);
        }

        Directory.CreateDirectory(partial);
        foreach (var file in Directory.EnumerateFiles(pinned))
        {
            File.Copy(file, Path.Combine(partial, Path.GetFileName(file)));
        }

        RunNpm(partial);
        Directory.Move(partial, folder);
    }

    private static void RunNpm(string folder)
    {
        var start = new ProcessStartInfo("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var npm = Start(start);
        npm.StandardInput.Close();
        npm.OutputDataReceived += (_, _) => { };
        npm.BeginOutputReadLine();
        var errors = npm.StandardError.ReadToEndAsync();
        if (!npm.WaitForExit(InstallTimeout))
        {
            npm.Kill(entireProcessTree: true);
            throw new InvalidOperationException($"npm did not install a package within {InstallTimeout.TotalMinutes} minutes.");
        }

        if (npm.ExitCode != 0)
        {
            throw new InvalidOperationException($"npm could not install a package: {errors.Result}");
        }
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new InvalidOperationException($"Node.js and npm must be installed and on the PATH ({e.Message}).", e);
        }
    }

    private static string Cache()
    {
        var local = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        return Path.Combine(local.Length > 0 ? local : Path.GetTempPath(), "darkroom-tests");
    }
}
