using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace Darkroom.CrashTests;

/// <summary>A real worker in a process of its own, to be killed, frozen and stopped.</summary>
internal sealed class WorkerProcess : IAsyncDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    readonly Process process;
    readonly ConcurrentQueue<string> output = new();
    readonly HttpClient http;

    WorkerProcess(Process process, Uri address) =>
        (this.process, http) = (process, new HttpClient { BaseAddress = address });

    /// <summary>As rows and attempts call this node.</summary>
    public string Name => $"{Environment.MachineName}:{process.Id.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>Everything it wrote, for the message of a test that fails.</summary>
    public string Output => string.Join('\n', output);

    public HttpClient Http => http;

    /// <summary>Starts it and returns when it is ready for work.</summary>
    public static async Task<WorkerProcess> StartAsync(IEnumerable<string> settings, CancellationToken ct)
    {
        var address = new Uri($"http://127.0.0.1:{Random.Shared.Next(20_000, 32_000)}");
        var start = new ProcessStartInfo(
            Path.Combine(AppContext.BaseDirectory, "Darkroom.Worker"), [.. settings.Append($"urls={address}").Select(setting => "--" + setting)])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var worker = new WorkerProcess(Process.Start(start)!, address);
        worker.process.OutputDataReceived += (_, line) => worker.output.Enqueue(line.Data ?? "");
        worker.process.ErrorDataReceived += (_, line) => worker.output.Enqueue(line.Data ?? "");
        worker.process.BeginOutputReadLine();
        worker.process.BeginErrorReadLine();
        await worker.WaitForReadinessAsync(ready: true, ct);
        return worker;
    }

    /// <summary>Returns when readiness is as said; a worker that does not answer is not ready.</summary>
    public async Task WaitForReadinessAsync(bool ready, CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (await IsReadyAsync(patience.Token) != ready)
        {
            Assert.False(process.HasExited, Output);
            await ticks.WaitForNextTickAsync(patience.Token);
        }
    }

    async Task<bool> IsReadyAsync(CancellationToken ct)
    {
        try
        {
            using var answer = await http.GetAsync(new Uri("/health/ready", UriKind.Relative), ct);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>As the machine's power would end it.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    public Task FreezeAsync() => SignalAsync("STOP");

    public Task ThawAsync() => SignalAsync("CONT");

    /// <returns>Its exit code.</returns>
    public async Task<int> TerminateAsync(CancellationToken ct)
    {
        await SignalAsync("TERM");
        await process.WaitForExitAsync(ct).WaitAsync(Patience, ct);
        return process.ExitCode;
    }

    async Task SignalAsync(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
            await KillAsync();
        process.Dispose();
        http.Dispose();
    }
}
