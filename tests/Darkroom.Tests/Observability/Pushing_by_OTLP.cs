using System.Collections.Concurrent;
using System.Text;
using Darkroom.Migrations.Rows;
using Darkroom.Simulator;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Admission;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Trace;
using Xunit;

namespace Darkroom.Tests.Observability;

/// <summary>By OpenTelemetry's own variables, and not at all without them.</summary>
public sealed class Pushing_by_OTLP
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Traces_and_metrics_go_where_the_standard_variables_say_under_the_name_they_say()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var simulator = await SimulatorHost.StartAsync();
        var got = new ConcurrentDictionary<string, string>();
        await using var collector = await CollectorAsync(got);
        Job job;
        // What is left is pushed at the end.
        await using (var worker = await TestWorker.StartAsync(
            database, simulator, $"OTEL_EXPORTER_OTLP_ENDPOINT={collector.Urls.Single()}", "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "OTEL_SERVICE_NAME=darkroom-of-a-test"))
        {
            var rows = new Rows(database);
            await rows.SeedAsync();
            job = await rows.AddAsync(rows.NewJob());
            worker.Get<WorkSignal>().Raise();
            await rows.WaitForAsync([job.Id], [JobStatus.Succeeded], Ct);
        }

        Assert.Contains("generate_content gpt-image-1.5", got["/v1/traces"], StringComparison.Ordinal);
        Assert.Contains("darkroom.attempts", got["/v1/metrics"], StringComparison.Ordinal);
        Assert.All(got.Values, body => Assert.Contains("darkroom-of-a-test", body, StringComparison.Ordinal));
        Assert.DoesNotContain(got.Values, body => body.Contains(job.Prompt, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_them_no_span_is_recorded()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var simulator = await SimulatorHost.StartAsync();
        await using var worker = await TestWorker.StartAsync(database, simulator);

        Assert.Null(worker.App.Services.GetService<TracerProvider>());
    }

    /// <summary>Keeps what is pushed to each path; names are readable in protobuf.</summary>
    static async Task<WebApplication> CollectorAsync(ConcurrentDictionary<string, string> got)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var collector = builder.Build();
        collector.Run(async http =>
        {
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body, http.RequestAborted);
            got.AddOrUpdate(http.Request.Path, _ => Encoding.Latin1.GetString(body.ToArray()), (_, before) => before + Encoding.Latin1.GetString(body.ToArray()));
        });
        await collector.StartAsync();
        return collector;
    }
}
