using System.Security.Cryptography;
using Darkroom.Demo.Postgres;
using Darkroom.Simulator;
using Darkroom.Worker;
using Darkroom.Worker.Database;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Darkroom.Demo;

/// <summary>Everything a team would run, in this one process but for Postgres; disposed in the reverse order of its start.</summary>
internal sealed class DemoServers : IAsyncDisposable
{
    readonly Stack<IAsyncDisposable> started = new();
    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("darkroom-demo-");

    /// <summary>A key of this run alone.</summary>
    public string AdminKey { get; } = "dk_" + RandomNumberGenerator.GetString("abcdefghijkmnpqrstuvwxyz23456789", 32);

    public Uri Address { get; private set; } = null!;

    /// <exception cref="PostgresNotFoundException">With how to get one.</exception>
    public async Task<PostgresServer> StartPostgresAsync(CancellationToken ct) => Started(await PostgresFinder.FindAsync(new PostgresNeeds(), ct));

    /// <summary>Fifty times as fast as a real endpoint, with pictures of real sizes, one for each prompt.</summary>
    public async Task<Uri> StartSimulatorAsync() => Started(await SimulatorHost.StartAsync(endpoint =>
    {
        endpoint.LatencyScale = 0.02;
        (endpoint.MinPictureBytes, endpoint.MaxPictureBytes) = (800_000, 3_300_000);
        endpoint.DistinctPictures = 0;
        endpoint.OutputFormat = OutputFormat.Mixed;
        endpoint.ImagesPerMinute = 300;
    })).BaseAddress;

    /// <exception cref="StartException">The worker's own words for what is wrong.</exception>
    public async Task StartWorkerAsync(PostgresServer postgres, Uri endpoint, string apiKey)
    {
        string[] settings =
        [
            $"ConnectionStrings:Darkroom={postgres.ConnectionString}",
            $"Darkroom:Endpoints:0:BaseUrl={endpoint}",
            $"Darkroom:Endpoints:0:ApiKey={apiKey}",
            "Darkroom:Endpoints:0:ImagesPerMinute=250",
            $"Darkroom:Auth:BootstrapKey={AdminKey}",
            "Darkroom:Storage:Provider=FileSystem",
            $"Darkroom:Storage:FileSystem:Root={folder.FullName}/images",
            $"Darkroom:Worker:SpoolPath={folder.FullName}/spool",
            $"Darkroom:Files:DraftPath={folder.FullName}/drafts",
            "Darkroom:Worker:Slots=32",
            "Darkroom:Worker:DrainTimeout=00:00:01",
            // The demo's own receiver is on this machine, which no delivery may reach without leave.
            "Darkroom:Webhooks:AllowHttp=true",
            "Darkroom:Webhooks:AllowedNetworks:0=127.0.0.1/32",
            "urls=http://127.0.0.1:0",
        ];
        var worker = await WorkerApp.StartAsync([.. settings.Select(setting => "--" + setting)], builder =>
        {
            builder.Logging.ClearProviders();
            builder.Services.AddSingleton<IHostLifetime, WithoutSignals>();
        });
        started.Push(new Stopping(worker));
        Address = new Uri(worker.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
    }

    public async Task<DemoReceiver> StartReceiverAsync() => Started(await DemoReceiver.StartAsync());

    T Started<T>(T server) where T : IAsyncDisposable
    {
        started.Push(server);
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        while (started.TryPop(out var server))
            await server.DisposeAsync();
        folder.Delete(recursive: true);
    }

    sealed class Stopping(WebApplication app) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await app.StopAsync();
            await app.DisposeAsync();
        }
    }

    /// <summary>The demo decides when its parts stop; the stock lifetime would stop them all at Ctrl-C, in no order.</summary>
    sealed class WithoutSignals : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
