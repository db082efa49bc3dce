using Darkroom.Simulator.Accounting;
using Darkroom.Simulator.Faults;
using Darkroom.Simulator.Generation;

namespace Darkroom.Simulator;

/// <summary>
/// The simulated endpoint inside another program, on a port of 127.0.0.1. It starts from settings for tests: no latency,
/// no padding, few drawings. It does not listen to signals; its owner disposes it.
/// </summary>
public sealed class SimulatorHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private SimulatorHost(WebApplication app)
    {
        _app = app;
        BaseAddress = new Uri(app.Urls.Single());
    }

    /// <param name="configure">Changes to the options, after the settings for tests.</param>
    /// <param name="port">0: any free one. A given port lets a stopped endpoint come back at the same address.</param>
    public static async Task<SimulatorHost> StartAsync(Action<SimulatorOptions>? configure = null, int port = 0)
    {
        var app = SimulatorApp.Build(["--urls", $"http://127.0.0.1:{port}"], options =>
        {
            (options.LatencyScale, options.MinPictureBytes, options.MaxPictureBytes, options.DistinctPictures) = (0, 0, 0, 4);
            configure?.Invoke(options);
        }, services => services.AddSingleton<IHostLifetime, OwnedLifetime>());
        await app.StartAsync();
        return new SimulatorHost(app);
    }

    public Uri BaseAddress { get; }

    /// <summary>May be changed at any time; the next call sees it.</summary>
    public SimulatorOptions Options => _app.Services.GetRequiredService<SimulatorOptions>();

    public Account Account => _app.Services.GetRequiredService<Account>();

    public FaultPlan Faults => _app.Services.GetRequiredService<FaultPlan>();

    /// <summary>
    /// From now on calls wait in flight, before they are generated: all, or those whose prompt contains the text.
    /// Refusals do not wait.
    /// </summary>
    public void Hold(string? promptContains = null) => _app.Services.GetRequiredService<Gate>().Hold(promptContains);

    /// <summary>Lets the oldest <paramref name="count"/> held calls go on and holds on; or all, and holds no more.</summary>
    public void Release(int? count = null) => _app.Services.GetRequiredService<Gate>().Release(count);

    /// <summary>Stops at once: calls in flight are cut off, new ones refused a connection.</summary>
    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private sealed class OwnedLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
