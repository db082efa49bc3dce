using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Darkroom.Benchmarks.Decoding;

/// <summary>What one client needed. Sizes in bytes; a GB is 10^9 bytes of picture.</summary>
internal sealed record MemoryFigures(long Pictures, long Allocated, long RestingMemory, long PeakMemory, double CpuSeconds, double Seconds)
{
    public double AllocatedPerMegabyte => Allocated / (Pictures / 1e6);

    public double CpuSecondsPerGigabyte => CpuSeconds / (Pictures / 1e9);

    public double KilobytesPerResponse(int calls) => (PeakMemory - RestingMemory) / 1024.0 / calls;
}

/// <summary>Makes so many calls at once, so many times over, and prints its <see cref="MemoryFigures"/> as JSON.</summary>
internal static class MemoryClient
{
    public static async Task<int> RunAsync(string[] args)
    {
        (string client, Uri server, int calls, int rounds, int ms) =
            (args[0], new(args[1]), Number(args[2]), Number(args[3]), Number(args[4]));
        string expected = SampleResponse.Sha256;
        string directory = Directory.CreateTempSubdirectory("darkroom-bench").FullName;
        try
        {
            using HttpClient http = new(new SocketsHttpHandler());
            PictureClients warmUp = new(http, new(server, "1/50/"), directory);
            for (int i = 0; i < 20; i++) await CheckAsync(warmUp.CallAsync(client, i), expected);

            using HttpClient measuredHttp = new(new SocketsHttpHandler());
            PictureClients measured = new(measuredHttp, new(server, $"{calls}/{ms}/"), directory);
            MemoryFigures figures = await MeasureAsync(calls, rounds, number => CheckAsync(measured.CallAsync(client, number), expected));
            Console.WriteLine(JsonSerializer.Serialize(figures));
            return 0;
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task<MemoryFigures> MeasureAsync(int calls, int rounds, Func<int, Task> callAsync)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        // Linux: the peak starts again from here.
        File.WriteAllText("/proc/self/clear_refs", "5");
        using Process self = Process.GetCurrentProcess();
        (long resting, long allocated, TimeSpan cpu) = (self.WorkingSet64, GC.GetTotalAllocatedBytes(precise: true), self.TotalProcessorTime);
        Stopwatch watch = Stopwatch.StartNew();
        for (int round = 0; round < rounds; round++) await Task.WhenAll(Enumerable.Range(0, calls).Select(callAsync));

        watch.Stop();
        self.Refresh();
        return new(
            (long)calls * rounds * SampleResponse.PictureBytes,
            GC.GetTotalAllocatedBytes(precise: true) - allocated,
            resting,
            self.PeakWorkingSet64,
            (self.TotalProcessorTime - cpu).TotalSeconds,
            watch.Elapsed.TotalSeconds);
    }

    private static async Task CheckAsync(Task<string> call, string expected)
    {
        if (await call != expected) throw new InvalidDataException("The picture is not the one that was sent.");
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
