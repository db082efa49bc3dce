using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using Darkroom.Worker.Decoding;
using Darkroom.Worker.Endpoint;
using Darkroom.Worker.Execution;
using Darkroom.Worker.Jobs;
using Darkroom.Worker.Observability;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Darkroom.Benchmarks.Observability;

/// <summary>What watching one successful attempt costs: CPU time of the process, for that is not disturbed by other work on the machine, and allocation.</summary>
internal static class TelemetryScenario
{
    private const int Attempts = 50_000;

    public static Task<int> RunAsync(string[] args)
    {
        Console.WriteLine("| telemetry of one attempt | CPU, µs | allocated, KB |\n|---|---|---|");
        Measure("nobody listens, no log", log: false);
        Measure("one line of the log, formatted and thrown away", log: true);
        using MeterListener meters = new() { InstrumentPublished = (instrument, me) => me.EnableMeasurementEvents(instrument) };
        meters.Start();
        using ActivityListener spans = new()
        {
            ShouldListenTo = source => source.Name == "Darkroom",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(spans);
        Measure("that, every figure measured and every span recorded", log: true);
        return Task.FromResult(0);
    }

    private static void Measure(string what, bool log)
    {
        using ServiceProvider services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        using ILoggerFactory logs = LoggerFactory.Create(logging =>
        {
            if (log) logging.AddProvider(new Formatted());
        });
        IOptions<EndpointSettings> settings = Options.Create(new EndpointSettings { Endpoints = [new EndpointOptions()], Models = [new ModelOptions { Name = "gpt-image-1.5" }] });
        AttemptTelemetry telemetry = new(
            new DarkroomMetrics(services.GetRequiredService<IMeterFactory>(), settings), new NodeIdentity(), settings, Options.Create(new TelemetryOptions()),
            TimeProvider.System, logs.CreateLogger<AttemptTelemetry>());
        for (int i = 0; i < 1000; i++) Watch(telemetry);

        (TimeSpan cpu, long bytes) = (Environment.CpuUsage.TotalTime, GC.GetAllocatedBytesForCurrentThread());
        for (int i = 0; i < Attempts; i++) Watch(telemetry);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {what} | {(Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / Attempts:F1} | {(GC.GetAllocatedBytesForCurrentThread() - bytes) / 1024.0 / Attempts:F1} |"));
    }

    private static void Watch(AttemptTelemetry telemetry)
    {
        const string usage = """{"input_tokens":20,"output_tokens":272,"total_tokens":292,"input_tokens_details":{"text_tokens":20,"image_tokens":0}}""";
        DateTimeOffset now = DateTimeOffset.UnixEpoch;
        ClaimedJob job = new(
            Guid.CreateVersion7(), Guid.Empty, Guid.CreateVersion7(), 1, now, now.AddSeconds(2), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "default", "gpt-image-1.5", "a red door", "low", 1, "1024x1024", 0, 0, 5, 2, "retry");
        DecodedPicture picture = new(0, null, PictureFormat.Png, 2_000_000, [], 0, 1024, 1024);
        CallOutcome.Answered answer = new(new Decoded(null, 2_700_000, 0, "png", "low", "1024x1024", usage, null, [picture]), 200, "req_1", RateHeaders.None)
        {
            Timing = new CallTiming(TimeSpan.FromSeconds(9), TimeSpan.FromSeconds(10)),
        };
        using WatchedAttempt watched = telemetry.Begin(job);
        watched.Called(answer);
        SpoolManifest manifest = SpoolManifest.Of(job, answer);
        using (watched.Storing()) { }
        using (watched.Recording()) { }
        watched.Recorded(Recording.Succeeded, manifest, 0.01m);
    }

    private sealed class Formatted : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            formatter(state, exception);

        public void Dispose()
        {
        }
    }
}
