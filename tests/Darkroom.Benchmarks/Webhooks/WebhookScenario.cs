using System.Diagnostics;
using System.Globalization;
using Darkroom.Benchmarks.Capacity;
using Darkroom.Client;

namespace Darkroom.Benchmarks.Webhooks;

/// <summary>How far webhooks are behind at 50 completions a second, alone and beside dead receivers; how many go out; what an outage leaves.</summary>
internal static class WebhookScenario
{
    private const int Completions = 3000, CompletionsPerSecond = 50, DeadReceivers = 20, Backlog = 50_000, RecoveryRate = 200, Burst = 5000;

    /// <summary>In which a new process compiles its code and finds out that the receiver works.</summary>
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(5);

    private static readonly string[] LocalReceivers =
    [
        "Darkroom:Webhooks:AllowHttp=true", "Darkroom:Webhooks:AllowedNetworks:0=127.0.0.0/8",
        $"Darkroom:Endpoints:0:ImagesPerMinute={60 * CompletionsPerSecond}",
    ];

    public static async Task<int> RunAsync(string[] args)
    {
        Console.WriteLine("| what | figure |\n|---|---|");
        await MeasureDelayAsync(dead: 0);
        await MeasureDelayAsync(DeadReceivers);
        await MeasureThroughputAsync();
        await MeasureRecoveryAsync();
        return 0;
    }

    /// <summary>From the commit of a job's end to the request at the receiver.</summary>
    private static async Task MeasureDelayAsync(int dead)
    {
        await using MeasuredCluster cluster = await StartAsync();
        NodeProcess node = await cluster.StartNodeAsync(LocalReceivers);
        await using MeasuredReceiver receiver = await MeasuredReceiver.StartAsync(answers: true);
        List<MeasuredReceiver> silent = [];
        using DarkroomClient client = MeasuredCluster.ClientOf(node);
        for (int i = 0; i < dead; i++)
        {
            silent.Add(await MeasuredReceiver.StartAsync(answers: false));
            await client.RegisterWebhookAsync(new RegisterWebhook { Url = silent[i].Url });
        }

        await cluster.AddJobsAsync(Completions, DateTimeOffset.UtcNow.AddSeconds(1));
        await cluster.ExecuteAsync($"UPDATE darkroom.jobs SET webhook_url = '{receiver.Url}'");
        await WaitForAsync(receiver, Completions);
        DateTimeOffset warm = receiver.Arrivals.Min(a => a.At) + WarmUp;
        double[] all = [.. receiver.Arrivals.Select(a => a.Behind.TotalMilliseconds).Order()];
        double[] behind = [.. receiver.Arrivals.Where(a => a.At >= warm).Select(a => a.Behind.TotalMilliseconds).Order()];
        TimeSpan took = receiver.Arrivals.Max(a => a.At) - receiver.Arrivals.Min(a => a.At);
        string beside = dead == 0 ? "" : $", beside {dead} receivers that never answer";
        Print($"completion to webhook on the wire, p50{beside}", $"{behind[behind.Length / 2]:F0} ms");
        Print($"the same, p99{beside}", $"{behind[behind.Length * 99 / 100]:F0} ms");
        Print($"the same with the first {WarmUp.TotalSeconds:F0} s of the process, p99{beside}", $"{all[all.Length * 99 / 100]:F0} ms");
        Print($"completions a second meanwhile{beside}", $"{Completions / took.TotalSeconds:F0}");
        foreach (MeasuredReceiver one in silent)
            await one.DisposeAsync();
    }

    private static async Task MeasureThroughputAsync()
    {
        await using MeasuredCluster cluster = await StartAsync();
        await using MeasuredReceiver receiver = await MeasuredReceiver.StartAsync(answers: true);
        await cluster.StartNodeAsync([.. LocalReceivers, "Darkroom:Webhooks:MaxPerSecondPerReceiver=10000", "Darkroom:Webhooks:MaxInFlightPerReceiver=100", "Darkroom:Webhooks:Senders=100"]);
        Stopwatch watch = Stopwatch.StartNew();
        await AddDeliveriesAsync(cluster, receiver, Burst);
        await WaitForAsync(receiver, Burst);
        Print("deliveries a second to a receiver that answers at once", $"{Burst / watch.Elapsed.TotalSeconds:F0}");
    }

    /// <summary>What waits after an outage of the receiver goes out at its configured rate and no faster.</summary>
    private static async Task MeasureRecoveryAsync()
    {
        await using MeasuredCluster cluster = await StartAsync();
        await using MeasuredReceiver receiver = await MeasuredReceiver.StartAsync(answers: true);
        await cluster.StartNodeAsync([.. LocalReceivers, $"Darkroom:Webhooks:MaxPerSecondPerReceiver={RecoveryRate}"]);
        Stopwatch watch = Stopwatch.StartNew();
        await AddDeliveriesAsync(cluster, receiver, Backlog);
        await WaitForAsync(receiver, Backlog);
        Print($"{Backlog} deliveries of an hour's outage, at most {RecoveryRate} a second: all delivered after", $"{watch.Elapsed.TotalSeconds:F0} s");
        Print("the most that came within any second", $"{receiver.BusiestSecond()}");
    }

    private static Task<MeasuredCluster> StartAsync() => MeasuredCluster.StartAsync(endpoint =>
        (endpoint.MinPictureBytes, endpoint.MaxPictureBytes, endpoint.LatencyMin, endpoint.LatencyMax) =
            (20_000, 50_000, TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(300)));

    /// <summary>As the end of so many jobs would have written them an hour ago.</summary>
    private static async Task AddDeliveriesAsync(MeasuredCluster cluster, MeasuredReceiver receiver, int count)
    {
        await cluster.AddJobsAsync(1, DateTimeOffset.UtcNow.AddYears(1));
        await cluster.ExecuteAsync($$"""
            INSERT INTO darkroom.webhook_deliveries (id, project_id, url, receiver, type, job_id, snapshot, status, attempts, ticket, due_at, created_at)
            SELECT gen_random_uuid(), j.project_id, '{{receiver.Url}}', substring('{{receiver.Url}}' FROM '^[^:]+://[^/?#]+'), 'job.canceled', j.id,
                json_build_object('job', to_json(j), 'images', json_build_array()), 'pending', 0, 0, darkroom.now() - interval '1 hour', darkroom.now() - interval '1 hour'
            FROM darkroom.jobs AS j, generate_series(1, {{count}})
            """);
    }

    private static async Task WaitForAsync(MeasuredReceiver receiver, int count)
    {
        while (receiver.Arrivals.Count < count)
            await Task.Delay(100);
    }

    private static void Print(string what, FormattableString figure) => Console.WriteLine($"| {what} | {figure.ToString(CultureInfo.InvariantCulture)} |");
}
