using System.Globalization;
using Darkroom.Simulator.Accounting;

namespace Darkroom.Benchmarks.Capacity;

/// <summary>Two nodes, more work than the account allows, an endpoint that counts: how much of the limit is used, and is it ever overstepped?</summary>
internal static class PaceScenario
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    public static async Task<int> RunAsync(string[] args)
    {
        Console.WriteLine("| limit, images a minute | asked for in the measured minute | of the limit | answered 429 |\n|---|---|---|---|");
        foreach (int limit in args is ["--limits", string list] ? list.Split(',').Select(n => int.Parse(n, CultureInfo.InvariantCulture)) : [50, 250, 1000])
            await MeasureAsync(limit);
        return 0;
    }

    private static async Task MeasureAsync(int limit)
    {
        await using MeasuredCluster cluster = await MeasuredCluster.StartAsync(endpoint =>
        {
            endpoint.ImagesPerMinute = limit;
            (endpoint.LatencyMin, endpoint.LatencyMax) = (TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(12));
        });
        string[] settings = [$"Darkroom:Endpoints:0:ImagesPerMinute={limit}", "Darkroom:Worker:Slots=200"];
        await cluster.StartNodeAsync(settings);
        await cluster.StartNodeAsync(settings);
        await cluster.AddJobsAsync(limit * 2, DateTimeOffset.UtcNow);

        await cluster.Endpoint.Account.WaitForCallsAsync(1, CancellationToken.None);
        await Task.Delay(TimeSpan.FromSeconds(10));
        DateTimeOffset from = DateTimeOffset.UtcNow;
        await Task.Delay(Minute);
        IReadOnlyList<Call> calls = cluster.Endpoint.Account.Calls;
        int asked = calls.Count(call => call.ArrivedAt >= from && call.ArrivedAt < from + Minute);
        int refused = calls.Count(call => call.Status == 429);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {limit} | {asked} | {(double)asked / limit:P1} | {refused} |"));
    }
}
