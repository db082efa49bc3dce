using System.Globalization;
using System.Text.RegularExpressions;
using Darkroom.Migrations.Rows;
using Darkroom.Simulator;
using Darkroom.Tests.Api;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Api;
using Xunit;

namespace Darkroom.Tests.Observability;

public sealed class One_line_per_attempt : IAsyncLifetime
{
    const string Secret = "a door nobody may read about";

    TestDatabase database = null!;
    SimulatorHost simulator = null!;
    Rows rows = null!;

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        simulator = await SimulatorHost.StartAsync();
        rows = new Rows(database);
    }

    public async ValueTask DisposeAsync()
    {
        await simulator.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task It_has_every_figure_of_the_ledger_and_no_prompt()
    {
        simulator.Faults.Add("http_500", times: 1);
        await using var worker = await TestWorker.StartAsync(database, simulator, "Darkroom:Backoff:Base=00:00:00.1");
        var job = await RunAsync(worker);

        var attempts = await rows.AttemptsAsync(job.Id);
        var lines = worker.Log.All.Where(line => line.StartsWith("attempt ", StringComparison.Ordinal)).Select(Read).ToList();
        Assert.Equal(attempts.Select(a => a.Id.ToString()), lines.Select(line => line["attempt"]));
        Assert.All(lines, line => Assert.Equal(
            (WireId.Job.Format(job.Id), attempts[0].NodeName, "default", "gpt-image-1.5", attempts[0].Endpoint),
            (line["job"], line["node"], line["endpoint"], line["model"], line["endpoint"])));
        Assert.Equal(("1", "unknown", "server_error", "queued", "500"), (lines[0]["number"], lines[0]["outcome"], lines[0]["reason"], lines[0]["job_status"], lines[0]["http_status"]));
        Assert.Equal(attempts[0].PossibleCost, decimal.Parse(lines[0]["possible_cost_usd"], CultureInfo.InvariantCulture));
        var good = lines[1];
        Assert.Equal(("2", "succeeded", "none", "succeeded", "200"), (good["number"], good["outcome"], good["reason"], good["job_status"], good["http_status"]));
        Assert.Equal(attempts[1].RequestId, good["request_id"]);
        Assert.Equal(attempts[1].Cost, decimal.Parse(good["cost_usd"], CultureInfo.InvariantCulture));
        var image = Assert.Single((await rows.JobAsync(job.Id)).Images);
        Assert.Equal(("1", image.Bytes.ToString(CultureInfo.InvariantCulture), "272"), (good["images"], good["picture_bytes"], good["output_tokens"]));
        foreach (var step in new[] { "wait_ms", "first_byte_ms", "body_ms", "keep_ms", "store_ms", "record_ms" })
            Assert.True(double.Parse(good[step], CultureInfo.InvariantCulture) >= 0, step);
        Assert.Matches("^[0-9a-f]{32}$", good["trace_id"]);
        Assert.Equal(good["trace_id"], lines[0]["trace_id"]);
        Assert.Equal(good["trace_id"], (await rows.JobAsync(job.Id)).TraceParent!.Split('-')[1]);

        Assert.DoesNotContain(worker.Log.All, line => line.Contains(Secret, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Prompts_are_logged_only_where_an_option_says_so()
    {
        await using var worker = await TestWorker.StartAsync(database, simulator, "Darkroom:Telemetry:LogPrompts=true");
        await RunAsync(worker);

        Assert.Single(worker.Log.All, line => line.Contains(Secret, StringComparison.Ordinal));
    }

    async Task<Job> RunAsync(TestWorker worker)
    {
        using var client = worker.Client();
        using var submitted = await client.PostJsonAsync("/v1/jobs", $$"""{"model":"gpt-image-1.5","prompt":"{{Secret}}","quality":"low","size":"1024x1024"}""");
        Assert.True(WireId.Job.TryParse((await submitted.JsonAsync()).GetProperty("id").GetString()!, out var id));
        await rows.WaitForAsync([id], [JobStatus.Succeeded], Ct);
        // The line follows the commit.
        await worker.App.StopAsync(Ct);
        return await rows.JobAsync(id);
    }

    static Dictionary<string, string> Read(string line) =>
        Regex.Matches("attempt=" + line["attempt ".Length..], @"(\w+)=(\S*)").ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value);
}
