using System.Globalization;
using Darkroom.Client;

namespace Darkroom.Benchmarks.Capacity;

/// <summary>One node with 1000 slots: what it costs at rest, how fast it fills, what it holds while every slot streams a picture.</summary>
internal static class CapacityScenario
{
    private const int Slots = 1000;
    private const int Submissions = 300;
    private const int PictureBytes = 2_000_000;

    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(30);

    public static async Task<int> RunAsync(string[] args)
    {
        await using MeasuredCluster cluster = await MeasuredCluster.StartAsync(endpoint =>
            (endpoint.MinPictureBytes, endpoint.MaxPictureBytes, endpoint.BodyDuration) = (PictureBytes, PictureBytes, TimeSpan.FromSeconds(20)));
        NodeProcess node = await cluster.StartNodeAsync("Darkroom:Roles=worker", $"Darkroom:Worker:Slots={Slots}", "Darkroom:Endpoints:0:ImagesPerMinute=100000");
        Console.WriteLine("| what | figure |\n|---|---|");

        await Task.Delay(Rest);
        Print("statements per second of an idle node with 1000 slots", $"{await cluster.StatementsPerSecondAsync(Rest):F1}");
        Print("resident memory, idle", Megabytes(node.Memory));

        await MeasureSubmissionAsync(cluster);
        await MeasureLoadAsync(cluster, node);
        return 0;
    }

    /// <summary>One at a time, over a second process: the notice must cross to the node that is at rest.</summary>
    private static async Task MeasureSubmissionAsync(MeasuredCluster cluster)
    {
        NodeProcess api = await cluster.StartNodeAsync("Darkroom:Roles=api", "Darkroom:Endpoints:0:ImagesPerMinute=100000");
        using DarkroomClient client = MeasuredCluster.ClientOf(api);
        cluster.Endpoint.Options.BodyDuration = TimeSpan.Zero;
        List<double> milliseconds = [];
        for (int i = 0; i < Submissions; i++)
        {
            string prompt = $"submission {i}";
            DateTimeOffset before = DateTimeOffset.UtcNow;
            await client.SubmitAsync(new SubmitJob { Model = "gpt-image-1.5", Prompt = prompt, Quality = "low" });
            await cluster.Endpoint.Account.WaitForCallsAsync(calls => calls.Count > i && calls[i].Prompt == prompt, CancellationToken.None);
            milliseconds.Add((cluster.Endpoint.Account.Calls[i].ArrivedAt - before).TotalMilliseconds);
            await cluster.WaitForSucceededAsync(i + 1);
        }

        milliseconds.Sort();
        Print("submit to call on the wire, over an idle second node: p50", $"{milliseconds[Submissions / 2]:F0} ms");
        Print("the same: p99", $"{milliseconds[Submissions * 99 / 100]:F0} ms");
        cluster.Endpoint.Account.Reset();
    }

    private static async Task MeasureLoadAsync(MeasuredCluster cluster, NodeProcess node)
    {
        cluster.Endpoint.Options.BodyDuration = TimeSpan.FromSeconds(20);
        cluster.Endpoint.Hold();
        DateTimeOffset due = DateTimeOffset.UtcNow.AddSeconds(3);
        await cluster.AddJobsAsync(Slots, due);
        await cluster.Endpoint.Account.WaitForHeldAsync(Slots, CancellationToken.None);
        Print("1000 jobs due at once: time until the last call is on the wire",
            $"{(cluster.Endpoint.Account.Calls.Max(call => call.ArrivedAt) - due).TotalSeconds:F1} s");

        await Task.Delay(Rest / 3);
        Print("resident memory, 1000 calls waiting for an answer", Megabytes(node.Memory));
        node.ForgetPeak();
        TimeSpan cpu = node.Cpu;
        DateTimeOffset released = DateTimeOffset.UtcNow;
        cluster.Endpoint.Release();
        await cluster.WaitForSucceededAsync(Slots + Submissions);
        Print("peak resident memory, 1000 answers of 2 MB streaming at once", Megabytes(node.PeakMemory));
        Print("from release to the last job recorded", $"{(DateTimeOffset.UtcNow - released).TotalSeconds:F0} s");
        Print("CPU of the node for those 2 GB, store and record included", $"{(node.Cpu - cpu).TotalSeconds:F1} s");
        Print("attempts that did not succeed", $"{await cluster.AskAsync<long>("SELECT count(*) FROM darkroom.attempts WHERE status <> 'succeeded'")}");
    }

    private static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:F0} MB");

    private static void Print(string what, FormattableString figure) => Print(what, figure.ToString(CultureInfo.InvariantCulture));

    private static void Print(string what, string figure) => Console.WriteLine($"| {what} | {figure} |");
}
