using System.Diagnostics;
using System.Security.Cryptography;
using Darkroom.Tests.Infrastructure;
using Xunit;

namespace Darkroom.Tests.Storage;

/// <summary>
/// Azure Blob Storage's emulator as a process of one's own, its blobs in memory. It ends with this process however that ends: it
/// watches its standard input, whose other end only this process holds.
/// </summary>
public sealed class Azurite : IAsyncLifetime
{
    private const string Account = "darkroom";
    private const string EndWithParent = """data:text/javascript,process.stdin.resume().on("end",()=>process.exit())""";
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);

    private readonly string _key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(64));
    private string? _script;
    private Uri? _address;
    private Process? _process;
    private string? _missing;

    /// <summary>Ends the test, as skipped or failed, where there is no Azurite.</summary>
    public string ConnectionString
    {
        get
        {
            if (_missing is not null)
            {
                Requirements.Missing(Requirements.Azurite, _missing);
            }

            return $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={_key};BlobEndpoint={_address}{Account};";
        }
    }

    public async ValueTask InitializeAsync()
    {
        try
        {
            _script = await Task.Factory.StartNew(
                () => Path.Combine(NpmPackage.Install("Storage", "azurite"), "node_modules", "azurite", "dist", "src", "blob", "main.js"), TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            await StartAsync();
        }
        catch (InvalidOperationException e) when (_script is null)
        {
            _missing = e.Message;
        }
    }

    /// <summary>Starts it, empty; after a <see cref="StopAsync"/> at the address it had.</summary>
    public async Task StartAsync()
    {
        var start = new ProcessStartInfo(
            "node",
            ["--import", EndWithParent, _script!, "--blobHost", "127.0.0.1", "--blobPort", $"{_address?.Port ?? 0}",
             "--inMemoryPersistence", "--extentMemoryLimit", "1024", "--skipApiVersionCheck", "--disableTelemetry", "--silent"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            Environment = { ["AZURITE_ACCOUNTS"] = $"{Account}:{_key}" },
        };
        _process = Process.Start(start)!;
        _address = await ListeningAsync(_process).WaitAsync(StartTimeout);
        _ = _process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
    }

    private static async Task<Uri> ListeningAsync(Process process)
    {
        const string Announcement = "successfully listens on ";
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.Split(Announcement) is [_, var address])
            {
                return new Uri(address);
            }
        }

        throw new InvalidOperationException("Azurite ended before it listened.");
    }

    public async Task StopAsync()
    {
        if (_process is { } process)
        {
            _process = null;
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }

    public async ValueTask DisposeAsync() => await StopAsync();
}
