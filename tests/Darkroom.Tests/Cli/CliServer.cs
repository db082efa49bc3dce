using Darkroom.Client;
using Darkroom.Simulator;
using Darkroom.Tests.Infrastructure;

namespace Darkroom.Tests.Cli;

/// <summary>A whole worker with a simulated endpoint, for the command to work on, and a folder to work in.</summary>
internal sealed class CliServer : IAsyncDisposable
{
    readonly TestDatabase database;
    readonly SimulatorHost endpoint;
    readonly TestWorker worker;
    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("darkroom-test-");

    CliServer(TestDatabase database, SimulatorHost endpoint, TestWorker worker) =>
        (this.database, this.endpoint, this.worker, Darkroom) = (database, endpoint, worker, new DarkroomClient(worker.Address, TestWorker.AdminKey));

    public DarkroomClient Darkroom { get; }

    public TestDatabase Database => database;

    public Uri Address => worker.Address;

    /// <summary>Where the command puts pictures.</summary>
    public string Output => Path.Combine(folder.FullName, "pictures");

    public static async Task<CliServer> StartAsync(Action<SimulatorOptions>? endpointOptions = null, params string[] settings)
    {
        var database = await TestDatabase.CreateAsync();
        var endpoint = await SimulatorHost.StartAsync(o =>
        {
            (o.LatencyScale, o.MinPictureBytes, o.MaxPictureBytes) = (0, 0, 0);
            endpointOptions?.Invoke(o);
        });
        return new(database, endpoint, await TestWorker.StartAsync(database, endpoint, settings));
    }

    /// <summary>Where the worker keeps them.</summary>
    public string Images => worker.ImagesPath;

    /// <summary>A file of this text, by its path.</summary>
    public string File(string name, string text)
    {
        var path = Path.Combine(folder.FullName, name);
        System.IO.File.WriteAllText(path, text);
        return path;
    }

    public Task<CommandRun> RunAsync(CancellationToken ct, params string[] args) => CommandRun.WithAsync(Address, ct, args);

    public async ValueTask DisposeAsync()
    {
        Darkroom.Dispose();
        await worker.DisposeAsync();
        await endpoint.DisposeAsync();
        await database.DisposeAsync();
        folder.Delete(recursive: true);
    }
}
