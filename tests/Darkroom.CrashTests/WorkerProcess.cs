using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Xunit;

namespace Darkroom.CrashTests;

/// <summary>A real worker in a process of its own, to be killed, frozen and stopped.</summary>
internal sealed class WorkerProcess : IAsyncDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    static int lastPort = Random.Shared.Next(10_000, 18_000);

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

    public long ResidentBytes
    {
        get
        {
            process.Refresh();
            return process.WorkingSet64;
        }
    }

    public static WorkerProcess Start(IEnumerable<string> settings, IReadOnlyDictionary<string, string>? environment)
    {
        var address = new Uri($"http://127.0.0.1:{FreePort().ToString(CultureInfo.InvariantCulture)}");
        var start = new ProcessStartInfo(
            Path.Combine(AppContext.BaseDirectory, "Darkroom.Worker"), [.. settings.Append($"urls={address}").Select(setting => "--" + setting)])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        var worker = new WorkerProcess(Process.Start(start)!, address);
        worker.process.OutputDataReceived += (_, line) => worker.output.Enqueue(line.Data ?? "");
        worker.process.ErrorDataReceived += (_, line) => worker.output.Enqueue(line.Data ?? "");
        worker.process.BeginOutputReadLine();
        worker.process.BeginErrorReadLine();
        return worker;
    }

    /// <summary>Below the range that systems give outgoing connections; no port twice, for one that died may be asked until it is replaced.</summary>
    static int FreePort()
    {
        while (true)
        {
            var port = Interlocked.Increment(ref lastPort);
            using var probe = new TcpListener(IPAddress.Loopback, port);
            try
            {
                probe.Start();
                return port;
            }
            catch (SocketException)
            {
            }
        }
    }

    /// <summary>Returns when readiness is as said; a worker that does not answer is not ready.</summary>
    public async Task WaitForReadinessAsync(bool ready, CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (await IsReadyAsync(ct) != ready)
        {
            Assert.False(process.HasExited || patience.IsCancellationRequested, Output);
            await ticks.WaitForNextTickAsync(ct);
        }
    }

    async Task<bool> IsReadyAsync(CancellationToken ct)
    {
        try
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
            patience.CancelAfter(TimeSpan.FromSeconds(5));
            using var answer = await http.GetAsync(new Uri("/health/ready", UriKind.Relative), patience.Token);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            return false;
        }
    }

    public async Task WaitForOutputAsync(string text, CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!output.Any(line => line.Contains(text, StringComparison.Ordinal)))
        {
            Assert.False(process.HasExited || patience.IsCancellationRequested, Output);
            await ticks.WaitForNextTickAsync(ct);
        }
    }

    /// <summary>As the machine's power would end it.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    public Task FreezeAsync() => SignalAsync(Signal.Stop);

    public Task ThawAsync() => SignalAsync(Signal.Continue);

    /// <returns>Its exit code.</returns>
    public async Task<int> TerminateAsync(CancellationToken ct)
    {
        await SignalAsync(Signal.Terminate);
        await WaitForExitAsync(ct);
        return process.ExitCode;
    }

    public Task WaitForExitAsync(CancellationToken ct) => process.WaitForExitAsync(ct).WaitAsync(Patience, ct);

    /// <summary>Returns when the system says that it is stopped.</summary>
    public async Task WaitUntilFrozenAsync(CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!(await File.ReadAllLinesAsync($"/proc/{process.Id.ToString(CultureInfo.InvariantCulture)}/status", ct)).Contains("State:\tT (stopped)"))
        {
            Assert.False(process.HasExited || patience.IsCancellationRequested, Output);
            await ticks.WaitForNextTickAsync(ct);
        }
    }

    async Task SignalAsync(Signal signal)
    {
        using var kill = Process.Start("kill", [$"-{((int)signal).ToString(CultureInfo.InvariantCulture)}", process.Id.ToString(CultureInfo.InvariantCulture)]);
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

/// <summary>As Linux numbers them.</summary>
internal enum Signal
{
    Kill = 9,
    Terminate = 15,
    Continue = 18,
    Stop = 19,
}
