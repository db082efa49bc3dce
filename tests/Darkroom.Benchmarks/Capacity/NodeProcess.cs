using System.Diagnostics;
using System.Globalization;

namespace Darkroom.Benchmarks.Capacity;

/// <summary>One worker as it is deployed: a process of its own, so that its memory and CPU are its alone.</summary>
internal sealed class NodeProcess : IAsyncDisposable
{
    private readonly Process process;

    private NodeProcess(Process process, Uri address) => (this.process, Address) = (process, address);

    public Uri Address { get; }

    /// <summary>Resident memory now, in bytes; what the kernel calls VmRSS.</summary>
    public long Memory => Status("VmRSS:");

    /// <summary>Greatest resident memory since <see cref="ForgetPeak"/>, in bytes; VmHWM.</summary>
    public long PeakMemory => Status("VmHWM:");

    public TimeSpan Cpu
    {
        get
        {
            process.Refresh();
            return process.TotalProcessorTime;
        }
    }

    /// <summary>Starts it and returns when it is ready for work.</summary>
    public static async Task<NodeProcess> StartAsync(params string[] settings)
    {
        Uri address = new($"http://127.0.0.1:{Random.Shared.Next(20_000, 32_000)}");
        ProcessStartInfo start = new(Path.Combine(AppContext.BaseDirectory, "Darkroom.Worker"),
            [.. settings.Append($"urls={address}").Append("Logging:LogLevel:Default=Warning").Select(setting => "--" + setting)])
        {
            RedirectStandardOutput = true,
        };
        NodeProcess node = new(Process.Start(start)!, address);
        node.process.OutputDataReceived += (_, line) => Console.Error.WriteLine(line.Data);
        node.process.BeginOutputReadLine();
        await node.WaitUntilReadyAsync();
        return node;
    }

    private async Task WaitUntilReadyAsync()
    {
        using HttpClient http = new() { BaseAddress = Address };
        for (Stopwatch patience = Stopwatch.StartNew(); patience.Elapsed < TimeSpan.FromSeconds(60); await Task.Delay(100))
        {
            if (process.HasExited)
                throw new InvalidOperationException($"the worker ended with {process.ExitCode}");
            try
            {
                using HttpResponseMessage answer = await http.GetAsync("/health/ready");
                if (answer.IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
            }
        }

        throw new TimeoutException("the worker was not ready within a minute");
    }

    public void ForgetPeak() => File.WriteAllText($"/proc/{process.Id}/clear_refs", "5");

    private long Status(string name)
    {
        string line = File.ReadLines($"/proc/{process.Id}/status").First(l => l.StartsWith(name, StringComparison.Ordinal));
        return long.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }

    public async ValueTask DisposeAsync()
    {
        using Process kill = Process.Start("kill", ["-TERM", $"{process.Id}"]);
        await process.WaitForExitAsync();
        process.Dispose();
    }
}
