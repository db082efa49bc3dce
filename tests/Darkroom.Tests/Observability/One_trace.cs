using System.Diagnostics;
using System.Net;
using Darkroom.Migrations.Rows;
using Darkroom.Simulator;
using Darkroom.Tests.Api;
using Darkroom.Tests.Infrastructure;
using Darkroom.Tests.Webhooks;
using Darkroom.Worker.Execution;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Darkroom.Tests.Observability;

/// <summary>What happens to a job is one trace, whoever has a hand in it.</summary>
public sealed class One_trace : IAsyncLifetime
{
    const string Call = "generate_content gpt-image-1.5", Request = "Microsoft.AspNetCore.Hosting.HttpRequestIn";

    readonly ActivityTraceId trace = ActivityTraceId.CreateRandom();
    TestDatabase database = null!;
    SimulatorHost simulator = null!;
    TestReceiver receiver = null!;
    SeenSpans spans = null!;

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        simulator = await SimulatorHost.StartAsync();
        receiver = await TestReceiver.StartAsync();
        spans = new SeenSpans(trace);
    }

    public async ValueTask DisposeAsync()
    {
        spans.Dispose();
        await receiver.DisposeAsync();
        await simulator.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task It_leads_from_the_callers_own_span_to_the_webhook_over_a_retry_and_two_nodes()
    {
        await using var worker = await StartAsync("Darkroom:Roles=worker");
        string? told = null;
        receiver.Answer = (http, _) =>
        {
            told = http.Request.Headers.TraceParent;
            return Task.CompletedTask;
        };
        simulator.Faults.Add("http_500", times: 1);

        await using (var api = await StartAsync("Darkroom:Roles=api"))
        {
            await SubmitAsync(api);
            await receiver.WaitForAsync(1, Ct);
            await using var db = new Rows(database).CreateDbContext();
            Assert.All(await db.Attempts.Select(a => a.NodeId).ToListAsync(Ct), node => Assert.Equal(worker.Get<NodeIdentity>().Id, node));
            Assert.NotEqual(worker.Get<NodeIdentity>().Id, api.Get<NodeIdentity>().Id);
        }
        await worker.App.StopAsync(Ct);

        var submit = spans.Of(Request)[0];
        var attempts = spans.Of("attempt");
        Assert.Equal((2, 2), (attempts.Count, spans.Of("admit").Count));
        Assert.All(attempts.Concat(spans.Of("admit")).Concat(spans.Of("webhook job.succeeded")), span => Assert.Equal(submit.SpanId, span.ParentSpanId));
        Assert.Equal(["server_error", null], attempts.Select(a => a.GetTagItem("error.type")));
        Assert.Equal(["unknown", "succeeded"], attempts.Select(a => a.GetTagItem("darkroom.outcome")));
        Assert.Equal(attempts.Select(a => a.SpanId), spans.Of(Call).Select(call => call.ParentSpanId));
        Assert.Equal([attempts[1].SpanId, attempts[1].SpanId], spans.Of("store").Concat(spans.Of("record")).Select(step => step.ParentSpanId));
        Assert.Equal(spans.Of(Call)[1].SpanId, Assert.Single(spans.Of("decode")).ParentSpanId);
        var webhook = Assert.Single(spans.Of("webhook job.succeeded"));
        Assert.Equal(Assert.Single(spans.Of("System.Net.Http.HttpRequestOut"), sent => sent.ParentSpanId == webhook.SpanId).Id, told);
    }

    [Fact]
    public async Task The_call_is_described_by_the_conventions_and_its_parts_lie_within_it()
    {
        await using var worker = await StartAsync();
        await SubmitAsync(worker);
        await receiver.WaitForAsync(1, Ct);
        await worker.App.StopAsync(Ct);

        var call = Assert.Single(spans.Of(Call));
        var tags = call.TagObjects.ToDictionary(tag => tag.Key, tag => tag.Value);
        Assert.Equal(ActivityKind.Client, call.Kind);
        Assert.Equal(("generate_content", "openai", "gpt-image-1.5", "image"), (tags["gen_ai.operation.name"], tags["gen_ai.provider.name"], tags["gen_ai.request.model"], tags["gen_ai.output.type"]));
        Assert.Equal((simulator.BaseAddress.Host, simulator.BaseAddress.Port, 200), (tags["server.address"], tags["server.port"], tags["http.response.status_code"]));
        Assert.Equal(272L, tags["gen_ai.usage.output_tokens"]);
        var (attempt, decode) = (Assert.Single(spans.Of("attempt")), Assert.Single(spans.Of("decode")));
        Assert.True(call.StartTimeUtc >= attempt.StartTimeUtc.AddMilliseconds(-5), $"{call.StartTimeUtc:O} {attempt.StartTimeUtc:O}");
        Assert.True(decode.StartTimeUtc >= call.StartTimeUtc && decode.StartTimeUtc + decode.Duration <= call.StartTimeUtc + call.Duration);
    }

    /// <summary>The trace is ours; whoever runs the endpoint is told nothing of it.</summary>
    [Fact]
    public async Task It_does_not_reach_the_endpoint()
    {
        await using var worker = await StartAsync();
        await SubmitAsync(worker);
        await receiver.WaitForAsync(1, Ct);

        await worker.App.StopAsync(Ct);

        Assert.Single(simulator.Account.Calls);
        // Simulator and receiver are servers of this process too: submission and webhook arrive as part of the trace, the call does not.
        Assert.Equal(["webhook job.succeeded"], spans.Of("System.Net.Http.HttpRequestOut").Select(sent => sent.Parent!.OperationName));
        Assert.True(spans.Of(Request).Count <= 2);
    }

    [Fact]
    public async Task A_job_without_a_trace_has_its_own_named_after_itself()
    {
        await using var worker = await StartAsync();
        var rows = new Rows(database);
        await rows.SeedAsync();
        var job = await rows.AddAsync(rows.NewJob());
        using var seen = new SeenSpans(ActivityTraceId.CreateFromString(job.Id.ToString("N")));
        worker.Get<Worker.Admission.WorkSignal>().Raise();
        await rows.WaitForAsync([job.Id], [JobStatus.Succeeded], Ct);
        await worker.App.StopAsync(Ct);

        Assert.Single(seen.Of("attempt"));
        Assert.Single(seen.Of("record"));
    }

    Task<TestWorker> StartAsync(params string[] settings) => TestWorker.StartAsync(
        database, simulator,
        ["Darkroom:Webhooks:AllowHttp=true", "Darkroom:Webhooks:AllowedNetworks:0=127.0.0.0/8", "Darkroom:Backoff:Base=00:00:00.1", .. settings]);

    async Task SubmitAsync(TestWorker worker)
    {
        using var client = worker.Client();
        client.DefaultRequestHeaders.Add("traceparent", $"00-{trace}-{ActivitySpanId.CreateRandom()}-01");
        using var submitted = await client.PostJsonAsync(
            "/v1/jobs", $$"""{"model":"gpt-image-1.5","prompt":"a red door","quality":"low","size":"1024x1024","webhook_url":"{{receiver.Url}}"}""");
        Assert.Equal(HttpStatusCode.Accepted, submitted.StatusCode);
    }
}
