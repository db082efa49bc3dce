using System.Diagnostics.Metrics;
using Darkroom.Worker.Access;
using Darkroom.Worker.Execution;
using Microsoft.Extensions.Options;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Darkroom.Worker.Observability;

/// <summary>
/// Metrics for Prometheus at <c>/metrics</c>, and traces and metrics by OTLP where OpenTelemetry's own variables say where to. Without them
/// no span is recorded and nothing leaves the process.
/// </summary>
internal static class TelemetrySetup
{
    const string Path = "/metrics";

    /// <summary>Requests to receivers and to the blob store; calls to the endpoint are told by <see cref="WatchedAttempt"/>.</summary>
    const string HttpClients = "System.Net.Http";

    /// <summary>Of the runtime and its libraries: requests served, connections, the thread pool, the collector, the pool of Postgres.</summary>
    static readonly string[] RuntimeMeters = ["Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime", "Npgsql"];

    public static IServiceCollection AddTelemetry(this IServiceCollection services, IConfiguration configuration, Roles roles)
    {
        services.AddSingleton<IValidateOptions<TelemetryOptions>, TelemetryOptionsRules>();
        services.AddOptions<TelemetryOptions>().BindConfiguration(TelemetryOptions.Section).ValidateOnStart();
        services.AddSingleton<DarkroomMetrics>().AddSingleton<AttemptTelemetry>().AddSingleton<DeliveryTelemetry>();
        services.AddSingleton<ClusterFigures>().AddSingleton<ClusterGauges>();
        if (roles.MakesCalls)
            services.AddSingleton<NodeGauges>();
        else
            services.AddOptions<WorkerOptions>().BindConfiguration(WorkerOptions.Section); // By which every process judges silent nodes alike.
        if (roles.OnlyMigrates)
            return services;

        var telemetry = services.AddOpenTelemetry().ConfigureResource(resource => resource
            .AddService("darkroom", serviceVersion: typeof(TelemetrySetup).Assembly.GetName().Version?.ToString(3), serviceInstanceId: new NodeIdentity().Name)
            // Last, so that OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win.
            .AddEnvironmentVariableDetector());
        telemetry.WithMetrics(metrics =>
        {
            metrics.AddMeter([DarkroomMetrics.MeterName, .. RuntimeMeters]).AddView(OfInterest).AddPrometheusExporter();
            if (PushesTo(configuration, "METRICS"))
                metrics.AddOtlpExporter();
        });
        if (PushesTo(configuration, "TRACES"))
        {
            telemetry.WithTracing(traces => traces
                .AddSource(JobTrace.SourceName, HttpClients)
                .AddAspNetCoreInstrumentation(requests => requests.Filter = IsWork)
                .AddOtlpExporter());
        }
        return services;
    }

    /// <summary>The exporter itself knows a default address; nothing is to be sent there unasked.</summary>
    static bool PushesTo(IConfiguration configuration, string signal) =>
        !string.IsNullOrEmpty(configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]) || !string.IsNullOrEmpty(configuration[$"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT"]);

    /// <summary>Of the driver, the pool; its series by statement are many, and named by connection string.</summary>
    static MetricStreamConfiguration? OfInterest(Instrument instrument) =>
        instrument.Meter.Name == "Npgsql" && !instrument.Name.StartsWith("db.client.connection.", StringComparison.Ordinal) ? MetricStreamConfiguration.Drop : null;

    /// <summary>Probes and scrapes would be most of what is traced.</summary>
    static bool IsWork(HttpContext http) => !http.Request.Path.StartsWithSegments("/health") && http.Request.Path != Path;

    /// <summary>Of every process, whatever its roles.</summary>
    public static void MapMetrics(this WebApplication app)
    {
        // Made here, and not when a job first needs them: a process that has done nothing yet shows zeros.
        app.Services.GetRequiredService<DarkroomMetrics>();
        app.Services.GetRequiredService<ClusterGauges>();
        app.Services.GetService<NodeGauges>();
        app.MapPrometheusScrapingEndpoint(Path).RequireAuthorization(Scopes.Metrics);
    }
}
