using Darkroom.Simulator;
using Darkroom.Worker;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Darkroom.Tests.Infrastructure;

/// <summary>A whole worker in this process: real HTTP, real Postgres, its own folders, no log on the console.</summary>
internal sealed class TestWorker : IAsyncDisposable
{
    public const string AdminKey = "dk_test-bootstrap-key-0123456789";
    public const string EndpointKey = "sk-test-endpoint-key-9876543210";

    readonly DirectoryInfo folder;

    TestWorker(WebApplication app, DirectoryInfo folder, LogLines log) => (App, this.folder, Log) = (app, folder, log);

    public WebApplication App { get; }

    /// <summary>Everything the worker logged.</summary>
    public LogLines Log { get; }

    public Uri Address => new(App.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    public string SpoolPath => Path.Combine(folder.FullName, "spool");

    public string ImagesPath => Path.Combine(folder.FullName, "images");

    public T Get<T>() where T : notnull => App.Services.GetRequiredService<T>();

    /// <summary>A client with the admin key.</summary>
    public HttpClient Client()
    {
        var client = new HttpClient { BaseAddress = Address };
        client.DefaultRequestHeaders.Authorization = new("Bearer", AdminKey);
        return client;
    }

    /// <param name="settings">Further settings, <c>key=value</c>; these win.</param>
    public static async Task<TestWorker> StartAsync(TestDatabase database, SimulatorHost simulator, params string[] settings)
    {
        var folder = Directory.CreateTempSubdirectory("darkroom-test-");
        var log = new LogLines();
        string[] all =
        [
            $"ConnectionStrings:Darkroom={database.ConnectionString}",
            $"Darkroom:Endpoints:0:BaseUrl={simulator.BaseAddress}",
            $"Darkroom:Endpoints:0:ApiKey={EndpointKey}",
            "Darkroom:Endpoints:0:ImagesPerMinute=60000",
            $"Darkroom:Auth:BootstrapKey={AdminKey}",
            $"Darkroom:Storage:FileSystem:Root={folder.FullName}/images",
            $"Darkroom:Worker:SpoolPath={folder.FullName}/spool",
            $"Darkroom:Files:DraftPath={folder.FullName}/drafts",
            "Darkroom:Worker:Slots=20",
            "Darkroom:Worker:DrainTimeout=00:00:05",
            "urls=http://127.0.0.1:0",
            .. settings,
        ];
        try
        {
            var app = await WorkerApp.StartAsync([.. all.Select(setting => "--" + setting)], builder =>
            {
                // Not disposed with its host: Hangfire keeps the newest host's factory for all of the process, and workers of other tests
                // that asked a disposed one for a logger would take no tickets.
                builder.Services.AddSingleton<ILoggerFactory>(LoggerFactory.Create(logging => logging
                    .AddConfiguration(builder.Configuration.GetSection("Logging"))
                    .AddProvider(log)));
            });
            return new TestWorker(app, folder, log);
        }
        catch
        {
            folder.Delete(recursive: true);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await App.StopAsync();
        await App.DisposeAsync();
        folder.Delete(recursive: true);
    }
}
