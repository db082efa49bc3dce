using System.Diagnostics;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Darkroom.Migrations.Rows;
using Darkroom.Simulator;
using Darkroom.Tests.Api;
using Darkroom.Tests.Infrastructure;
using Darkroom.Tests.Webhooks;
using Darkroom.Worker.Api;
using Xunit;

namespace Darkroom.Tests.Observability;

/// <summary>What <c>docs/operations/</c> holds, against a real Prometheus that scrapes a real worker.</summary>
public sealed class Dashboard_and_alerts
{
    const string MetricsKey = "scrape-key-of-a-test-0123456789";

    static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "operations"), Rules = Path.Combine(Folder, "alerts.yml");

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_query_answers_and_every_rule_is_evaluated()
    {
        PrometheusServer.Find("prometheus");
        await using var database = await TestDatabase.CreateAsync();
        await using var simulator = await SimulatorHost.StartAsync();
        await using var receiver = await TestReceiver.StartAsync();
        await using var worker = await WorkerInAProcess.StartAsync(
            database, simulator, Ct, $"Darkroom:Telemetry:MetricsKey={MetricsKey}", "Darkroom:Backoff:Base=00:00:00.1",
            "Darkroom:Webhooks:AllowHttp=true", "Darkroom:Webhooks:AllowedNetworks:0=127.0.0.0/8", "Logging:Console:FormatterName=json");
        await using var prometheus = await PrometheusServer.StartAsync(worker.Client.BaseAddress!, MetricsKey, Rules, Ct);
        await prometheus.WaitForAsync("count_over_time(up{job=\"darkroom\"}[1m]) >= 2 and up == 1", Ct);
        await RunJobsAsync(worker, simulator, receiver, new Rows(database));
        await prometheus.WaitForAsync("sum(darkroom_jobs_ended_total) >= 3 and sum(darkroom_webhook_attempts_total) >= 1", Ct);
        await prometheus.WaitForAsync("count(http_server_request_duration_seconds_count{http_route=\"/v1/jobs\"})", Ct);

        // The first unknown call ever is seen to have happened: its series was there before it.
        Assert.NotEqual(0, (await prometheus.QueryAsync("sum(increase(darkroom_attempts_total{outcome=\"unknown\"}[5m])) > 0", Ct)).GetArrayLength());
        var panels = Panels();
        Assert.True(panels.Count > 50, $"only {panels.Count} queries were found");
        foreach (var (panel, expression) in panels)
        {
            var asked = expression.Replace("$__rate_interval", "5m", StringComparison.Ordinal).Replace("$endpoint", ".*", StringComparison.Ordinal);
            Assert.True(await prometheus.AnswersAsync(asked, Ct), $"'{panel}' shows nothing: {asked}");
        }
        await EveryRuleIsEvaluatedAsync(prometheus);
        await worker.StopAsync(Ct);
        EveryLineIsJson(worker.Output);
    }

    /// <summary>A rule about a figure that does not exist would be silent for ever.</summary>
    static async Task EveryRuleIsEvaluatedAsync(PrometheusServer prometheus)
    {
        var rules = (await prometheus.GetAsync("/api/v1/rules", Ct)).GetProperty("groups")[0].GetProperty("rules").EnumerateArray().ToList();
        var known = (await prometheus.GetAsync("/api/v1/label/__name__/values", Ct)).EnumerateArray().Select(name => name.GetString()).ToHashSet();
        Assert.True(rules.Count >= 20, $"only {rules.Count} rules");
        foreach (var rule in rules)
        {
            var (name, expression) = (rule.GetProperty("name").GetString(), rule.GetProperty("query").GetString()!);
            Assert.True(rule.GetProperty("health").GetString() == "ok", $"{name}: {rule}");
            var figures = Regex.Matches(expression, "darkroom_[a-z_]+").Select(m => m.Value).ToList();
            Assert.All(figures, figure => Assert.True(known.Contains(figure), $"{name}: there is no {figure}"));
            Assert.True(figures.Count > 0 || name == "DarkroomDown", name);
            Assert.NotEmpty(rule.GetProperty("annotations").GetProperty("action").GetString()!);
        }
    }

    static void EveryLineIsJson(IReadOnlyList<string> output)
    {
        var lines = output.Where(line => line.Length > 0).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        var attempts = lines.Where(line => line.GetProperty("Message").GetString()!.StartsWith("attempt ", StringComparison.Ordinal)).Select(line => line.GetProperty("State")).ToList();
        Assert.Equal(["unknown", "succeeded", "rejected", "unknown"], attempts.Select(a => a.GetProperty("Outcome").GetString()));
        var good = attempts.First(a => a.GetProperty("Outcome").GetString() == "succeeded");
        Assert.Equal(JsonValueKind.Number, good.GetProperty("StoreMs").ValueKind);
        Assert.Equal(JsonValueKind.Number, good.GetProperty("CostUsd").ValueKind);
        Assert.Matches("^[0-9a-f]{32}$", good.GetProperty("TraceId").GetString()!);
    }

    [Fact]
    public async Task The_rules_fire_when_they_should_and_only_then()
    {
        var program = PrometheusServer.Find("promtool");

        Assert.Equal((0, ""), await RunAsync(program, "check", "rules", Rules));
        var tests = Path.Combine(Folder, "alerts.test.yml");
        Assert.Equal((0, ""), await RunAsync(program, "test", "rules", tests));
        var tried = await File.ReadAllTextAsync(tests, Ct);
        Assert.All(Regex.Matches(await File.ReadAllTextAsync(Rules, Ct), "alert: (\\w+)"), rule => Assert.Contains(rule.Groups[1].Value, tried, StringComparison.Ordinal));
    }

    static async Task<(int, string)> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(Ct), process.StandardError.ReadToEndAsync(Ct));
        await process.WaitForExitAsync(Ct);
        return (process.ExitCode, process.ExitCode == 0 ? "" : await output + await errors);
    }

    /// <summary>A success told by webhook after a call of unknown outcome, a refusal, and a job that is held.</summary>
    static async Task RunJobsAsync(WorkerInAProcess worker, SimulatorHost simulator, TestReceiver receiver, Rows rows)
    {
        simulator.Faults.Add("http_500", times: 1);
        await RunAsync("succeeded", $", \"webhook_url\": \"{receiver.Url}\"");
        await receiver.WaitForAsync(1, Ct);
        simulator.Faults.Add("moderation_blocked", times: 1);
        await RunAsync("failed", "");
        simulator.Faults.Add("http_502", times: 1);
        await RunAsync("held", ", \"on_unknown\": \"hold\"");

        async Task RunAsync(string until, string more)
        {
            using var submitted = await worker.Client.PostJsonAsync("/v1/jobs", $$"""{"model":"gpt-image-1.5","prompt":"a red door","quality":"low"{{more}}}""");
            Assert.Equal(HttpStatusCode.Accepted, submitted.StatusCode);
            Assert.True(WireId.Job.TryParse((await submitted.JsonAsync()).GetProperty("id").GetString()!, out var id));
            await rows.WaitForAsync([id], [until], Ct);
        }
    }

    static List<(string Panel, string Expression)> Panels()
    {
        using var dashboard = JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, "grafana-dashboard.json")));
        return
        [
            .. from panel in dashboard.RootElement.GetProperty("panels").EnumerateArray()
               where panel.TryGetProperty("targets", out _)
               from target in panel.GetProperty("targets").EnumerateArray()
               select (panel.GetProperty("title").GetString()!, target.GetProperty("expr").GetString()!),
        ];
    }
}
