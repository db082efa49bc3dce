using Darkroom.Benchmarks;
using Darkroom.Benchmarks.Batches;
using Darkroom.Benchmarks.Capacity;
using Darkroom.Benchmarks.Dashboard;
using Darkroom.Benchmarks.Decoding;
using Darkroom.Benchmarks.DropIn;
using Darkroom.Benchmarks.Observability;
using Darkroom.Benchmarks.Webhooks;

return await Scenarios.RunAsync(
    args,
    new("decoder", "the decoder beside the official SDK and a naive reader, one response at a time, in BenchmarkDotNet [its options]", DecoderBenchmark.Run),
    new("memory", "1 to 1000 responses in flight: allocation, resident memory and CPU beside the same two [--levels 1,16,32,128,1000]", MemoryScenario.RunAsync),
    new("memory-server", "the endpoint of `memory`, in a process of its own", MemoryServer.RunAsync),
    new("memory-client", "one measured client of `memory`, in a process of its own", MemoryClient.RunAsync),
    new("capacity", "one node with 1000 slots: memory, statements at rest, time to fill, submit to call", CapacityScenario.RunAsync),
    new("pace", "two nodes against an endpoint that counts: how much of the limit is used [--limits 50,250,1000]", PaceScenario.RunAsync),
    new("dashboard", "every page and list call with a million jobs; what 50 viewers cost [--jobs 1000000]", DashboardScenario.RunAsync),
    new("batch", "50,000 lines, short and of 200 MB in all: from upload to durable jobs beside a COPY of the same rows, and peak memory [--lines 50000]", BatchScenario.RunAsync),
    new("batches", "completions a second in one batch and in fifty; how soon pausing and cancelling 50,000 lines takes effect", BatchLifeScenario.RunAsync),
    new("million", "a million queued jobs: list calls, counters, submission, admission's pick and claim", MillionScenario.RunAsync),
    new("dropin", "100 callers waiting for pictures of 2 MB, then answered at once: memory of the worker", DropInScenario.RunAsync),
    new("webhooks", "completion to webhook at 50 a second, alone and beside dead receivers; deliveries a second; 50,000 after an outage", WebhookScenario.RunAsync),
    new("telemetry", "what watching one attempt costs: log, figures, spans", TelemetryScenario.RunAsync));
