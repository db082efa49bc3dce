using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Darkroom.Tests.Infrastructure;
using Xunit;

namespace Darkroom.Tests.Observability;

/// <summary>A real Prometheus on a free port of this machine, scraping one worker every second and evaluating the project's own rules.</summary>
internal sealed partial class PrometheusServer : IAsyncDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    readonly DirectoryInfo folder;
    readonly Process process;
    readonly HttpClient http;

    PrometheusServer(DirectoryInfo folder, Process process, Uri address) =>
        (this.folder, this.process, http) = (folder, process, new HttpClient { BaseAddress = address });

    /// <summary>Ends the test, as skipped or failed, where this machine has none.</summary>
    public static string Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/bin").Select(path => Path.Combine(path, program)).FirstOrDefault(File.Exists)
        ?? throw Missing(program);

    static InvalidOperationException Missing(string program)
    {
        Requirements.Missing(Requirements.Prometheus, $"no {program} on the PATH; on Debian 'apt-get install prometheus' brings it.");
        return new InvalidOperationException();
    }

    public static async Task<PrometheusServer> StartAsync(Uri worker, string key, string rules, CancellationToken ct)
    {
        var program = Find("prometheus");
        var folder = Directory.CreateTempSubdirectory("darkroom-prometheus-");
        var configuration = Path.Combine(folder.FullName, "prometheus.yml");
        await File.WriteAllTextAsync(configuration, $$"""
            global: { scrape_interval: 1s, evaluation_interval: 1s }
            rule_files: [ {{rules}} ]
            scrape_configs:
              - job_name: darkroom
                authorization: { credentials: {{key}} }
                static_configs: [ { targets: [ "{{worker.Authority}}" ] } ]
            """, ct);
        var process = Process.Start(new ProcessStartInfo(
            program, [$"--config.file={configuration}", $"--storage.tsdb.path={folder.FullName}/data", "--web.listen-address=127.0.0.1:0"])
        { RedirectStandardError = true })!;
        Uri? address = null;
        var ready = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        process.ErrorDataReceived += (_, line) =>
        {
            if (Listening().Match(line.Data ?? "") is { Success: true } found)
                address = new Uri($"http://{found.Groups[1].Value}");
            if (line.Data?.Contains("Server is ready", StringComparison.Ordinal) is true)
                ready.TrySetResult(address!);
        };
        process.BeginErrorReadLine();
        return new PrometheusServer(folder, process, await ready.Task.WaitAsync(Patience, ct));
    }

    public async Task<JsonElement> QueryAsync(string expression, CancellationToken ct)
    {
        using var answer = await http.GetAsync(new Uri($"/api/v1/query?query={Uri.EscapeDataString(expression)}", UriKind.Relative), ct);
        var body = await answer.Content.ReadFromJsonAsync<JsonElement>(ct);
        Assert.True(answer.IsSuccessStatusCode, $"{expression}: {body}");
        return body.GetProperty("data").GetProperty("result");
    }

    public async Task<JsonElement> GetAsync(string path, CancellationToken ct) =>
        (await http.GetFromJsonAsync<JsonElement>(new Uri(path, UriKind.Relative), ct)).GetProperty("data");

    /// <summary>Returns once the expression has a result.</summary>
    public async Task WaitForAsync(string expression, CancellationToken ct) => Assert.True(await AnswersAsync(expression, ct), $"nothing for {expression}");

    /// <summary>Whether it has a result, at once or within a minute: a rate needs two scrapes.</summary>
    public async Task<bool> AnswersAsync(string expression, CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(250));
        while ((await QueryAsync(expression, ct)).GetArrayLength() == 0)
        {
            if (patience.IsCancellationRequested)
                return false;
            await ticks.WaitForNextTickAsync(ct);
        }
        return true;
    }

    [GeneratedRegex("msg=\"Listening on\" address=(\\S+)")]
    private static partial Regex Listening();

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        folder.Delete(recursive: true);
    }
}
