using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Darkroom.Benchmarks.Decoding;

/// <summary>
/// Runs every client at every level against one paced server, each in a process of its own so that peaks are clean, and prints a
/// markdown table. A client that would need more memory than is free is left out, and the table says so.
/// </summary>
internal static class MemoryScenario
{
    /// <summary>
    /// Rounds and pace bring each level to at least 64 MB of pictures while all its calls are in flight together. 16 goes at full speed, for
    /// the CPU figure: 6.4 GB, so that start-up does not count; the paced ones show memory, and much of their CPU is waking up.
    /// </summary>
    private static readonly (int Calls, int Rounds, int Ms)[] Levels = [(1, 32, 200), (16, 200, 0), (32, 4, 2000), (128, 2, 5000), (1000, 1, 15000)];

    public static async Task<int> RunAsync(string[] args)
    {
        int[] wanted = args is ["--levels", string list] ? [.. list.Split(',').Select(n => int.Parse(n, CultureInfo.InvariantCulture))] : [.. Levels.Select(l => l.Calls)];
        using Process server = Start("memory-server");
        string address = (await server.StandardOutput.ReadLineAsync())!;
        Console.WriteLine("| in flight | client | allocated per decoded MB | peak resident | per response in flight | CPU s per GB | ratio |");
        Console.WriteLine("|---|---|---|---|---|---|---|");
        Dictionary<string, double> kilobytes = [];
        foreach ((int calls, int rounds, int ms) in Levels.Where(l => wanted.Contains(l.Calls)))
        {
            double? sdkCpu = null;
            foreach (string client in PictureClients.Names.OrderBy(n => n != "OpenAI SDK"))
            {
                double needed = kilobytes.GetValueOrDefault(client) * calls / 1e6, free = FreeGigabytes();
                if (needed > free * 0.8)
                {
                    Console.WriteLine($"| {calls} | {client} | skipped: needs about {needed:F1} GB, {free:F1} GB are free | | | | |");
                    continue;
                }

                MemoryFigures figures = await MeasureAsync(client, address, calls, rounds, ms);
                kilobytes[client] = figures.KilobytesPerResponse(calls);
                sdkCpu ??= client == "OpenAI SDK" ? figures.CpuSecondsPerGigabyte : null;
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"| {calls} | {client} | {figures.AllocatedPerMegabyte / 1e3:N0} KB | {figures.PeakMemory / 1e6:N0} MB | {kilobytes[client]:N0} KB | {figures.CpuSecondsPerGigabyte:F2} | {figures.CpuSecondsPerGigabyte / sdkCpu:F2} |"));
            }
        }

        server.StandardInput.Close();
        await server.WaitForExitAsync();
        return 0;
    }

    private static async Task<MemoryFigures> MeasureAsync(string client, string address, int calls, int rounds, int ms)
    {
        using Process process = Start("memory-client", client, address, $"{calls}", $"{rounds}", $"{ms}");
        using CancellationTokenSource limit = new(TimeSpan.FromMinutes(3));
        try
        {
            string line = await process.StandardOutput.ReadToEndAsync(limit.Token);
            return JsonSerializer.Deserialize<MemoryFigures>(line)!;
        }
        finally
        {
            if (!process.HasExited) process.Kill();
        }
    }

    private static Process Start(params string[] args) =>
        Process.Start(new ProcessStartInfo(Environment.ProcessPath!, args) { RedirectStandardInput = true, RedirectStandardOutput = true })!;

    private static double FreeGigabytes()
    {
        string line = File.ReadLines("/proc/meminfo").First(l => l.StartsWith("MemAvailable", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1e6;
    }
}
