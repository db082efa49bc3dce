using System.Globalization;
using System.Net.Http.Json;
using Darkroom.Benchmarks.Capacity;

namespace Darkroom.Benchmarks.DropIn;

/// <summary>Callers who wait for pictures of 2 MB on one connection each: what they cost while they wait, and while all are answered at once.</summary>
internal static class DropInScenario
{
    private const int Callers = 100, PictureBytes = 2_000_000, WarmUps = 20;

    public static async Task<int> RunAsync(string[] args)
    {
        await using MeasuredCluster cluster = await MeasuredCluster.StartAsync(endpoint =>
            (endpoint.MinPictureBytes, endpoint.MaxPictureBytes, endpoint.LatencyScale) = (PictureBytes, PictureBytes, 0));
        NodeProcess node = await cluster.StartNodeAsync("Darkroom:Endpoints:0:ImagesPerMinute=100000");
        using HttpClient http = MeasuredCluster.HttpOf(node);
        await Task.WhenAll(Enumerable.Range(0, WarmUps).Select(i => CallAsync(http, $"warm-up {i}")));
        await Task.Delay(TimeSpan.FromSeconds(10));
        Console.WriteLine("| what | figure |\n|---|---|");
        Print("resident memory of the worker at rest, all roles, 200 slots", Megabytes(node.Memory));

        cluster.Endpoint.Hold();
        Task<long>[] calls = [.. Enumerable.Range(0, Callers).Select(i => CallAsync(http, $"caller {i}"))];
        await cluster.Endpoint.Account.WaitForHeldAsync(Callers, CancellationToken.None);
        await Task.Delay(TimeSpan.FromSeconds(5));
        Print($"with {Callers} callers waiting", Megabytes(node.Memory));

        node.ForgetPeak();
        cluster.Endpoint.Release();
        long[] bytes = await Task.WhenAll(calls);
        Print($"peak while all are answered at once, {bytes.Sum() / 1e6:F0} MB of JSON in all", Megabytes(node.PeakMemory));
        Print("calls made at the endpoint", $"{cluster.Endpoint.Account.Calls.Count - WarmUps}");
        return 0;
    }

    /// <returns>Bytes of the answer, which are read and forgotten.</returns>
    private static async Task<long> CallAsync(HttpClient http, string prompt)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, "/v1/images/generations") { Content = JsonContent.Create(new { model = "gpt-image-1.5", prompt, quality = "low" }) };
        using HttpResponseMessage answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        answer.EnsureSuccessStatusCode();
        await using Stream body = await answer.Content.ReadAsStreamAsync();
        byte[] buffer = new byte[64 << 10];
        long bytes = 0;
        for (int read; (read = await body.ReadAsync(buffer)) > 0;)
            bytes += read;
        return bytes;
    }

    private static FormattableString Megabytes(long bytes) => $"{bytes / 1e6:F0} MB";

    private static void Print(FormattableString what, FormattableString figure) => Print(what.ToString(CultureInfo.InvariantCulture), figure);

    private static void Print(string what, FormattableString figure) => Console.WriteLine($"| {what} | {figure.ToString(CultureInfo.InvariantCulture)} |");
}
