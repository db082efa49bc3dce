using Darkroom.Simulator.Accounting;
using Darkroom.Simulator.Admin;
using Darkroom.Simulator.Answers;
using Darkroom.Simulator.CommandLine;
using Darkroom.Simulator.Contract;
using Darkroom.Simulator.Faults;
using Darkroom.Simulator.Generation;
using Darkroom.Simulator.Limits;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Darkroom.Simulator;

/// <summary>The simulated endpoint as an application.</summary>
public static class SimulatorApp
{
    /// <summary>Builds it from a command line (see <c>--help</c>) and, after that, <paramref name="configure"/>; not started.</summary>
    /// <exception cref="ArgumentException">An argument or option is wrong; the message lists every mistake.</exception>
    public static WebApplication Build(string[] args, Action<SimulatorOptions>? configure = null) =>
        Build(args, configure, services => { });

    internal static WebApplication Build(string[] args, Action<SimulatorOptions>? configure, Action<IServiceCollection> more)
    {
        var arguments = Arguments.Parse(args);
        configure?.Invoke(arguments.Options);
        string[] mistakes = [.. arguments.Mistakes, .. arguments.Options.Problems()];
        if (mistakes.Length > 0)
            throw new ArgumentException(string.Join(Environment.NewLine, mistakes), nameof(args));

        // An empty builder reads no files and no environment: a host's settings are not the simulator's.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseSockets(KeepNothing).UseUrls(arguments.Urls).ConfigureKestrel(Configure);
        builder.Logging.AddSimpleConsole().SetMinimumLevel(LogLevel.Warning);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(2));
        builder.Services.AddRoutingCore();
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.PropertyNamingPolicy = Json.Options.PropertyNamingPolicy);
        AddSimulator(builder.Services, arguments.Options);
        more(builder.Services);

        var app = builder.Build();
        app.UseRouting();
        app.MapPost("/v1/images/generations", (HttpContext http, GenerationEndpoint endpoint) => endpoint.HandleAsync(http));
        app.MapAdmin();
        app.MapFallback(UnknownRoute.AnswerAsync);
        return app;
    }

    private static void Configure(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = 1024 * 1024;
        kestrel.Limits.MinResponseDataRate = null;
    }

    // Every write waits until the socket has it: a slow reader costs no memory, and a cut comes after what was written before it.
    private static void KeepNothing(SocketTransportOptions sockets) => sockets.MaxWriteBufferSize = 1;

    private static void AddSimulator(IServiceCollection services, SimulatorOptions options) => services
        .AddSingleton(options)
        .AddSingleton(provider => new Account(options))
        .AddSingleton(provider => FaultPlan.From(options))
        .AddSingleton<RequestReader>()
        .AddSingleton<RateLimits>()
        .AddSingleton<PromptHistory>()
        .AddSingleton<Gate>()
        .AddSingleton<AnswerSender>()
        .AddSingleton<GenerationEndpoint>();
}
