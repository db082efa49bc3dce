using System.ComponentModel;
using System.Diagnostics;
using System.Security.Cryptography;

namespace Darkroom.Tests.Storage;

/// <summary>Installs Azurite's npm package once per user and pinned version, in a folder that all test runs on the machine share.</summary>
internal static class AzuritePackage
{
    private static readonly TimeSpan InstallTimeout = TimeSpan.FromMinutes(5);

    /// <summary>The script of the blob service. Blocks while this or another process installs it.</summary>
    /// <exception cref="InvalidOperationException">npm is missing or could not install it; the message says why.</exception>
    public static string Install()
    {
        var pinned = Path.Combine(AppContext.BaseDirectory, "Storage", "azurite");
        var version = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(pinned, "package-lock.json"))))[..16];
        var folder = Path.Combine(Cache(), $"azurite-{version}");
        using var oneAtATime = new Mutex(initiallyOwned: false, $@"Global\darkroom-azurite-{version}");
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

        return Path.Combine(folder, "node_modules", "azurite", "dist", "src", "blob", "main.js");
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
            throw new InvalidOperationException($"npm did not install Azurite within {InstallTimeout.TotalMinutes} minutes.");
        }

        if (npm.ExitCode != 0)
        {
            throw new InvalidOperationException($"npm could not install Azurite: {errors.Result}");
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
