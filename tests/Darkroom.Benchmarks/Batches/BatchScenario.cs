using System.Diagnostics;
using System.Globalization;
using System.Text;
using Darkroom.Benchmarks.Capacity;
using Darkroom.Client;
using Npgsql;

namespace Darkroom.Benchmarks.Batches;

/// <summary>
/// A file of lines from its upload until all of them are durable jobs, beside the floor: a COPY of the same rows, already in Postgres' own
/// format, into the same table with the same indexes. The worker is a process of its own; nothing is sent meanwhile.
/// </summary>
internal static class BatchScenario
{
    private const int Repetitions = 3;

    private const string Columns =
        "id, project_id, batch_id, key_id, lane, endpoint, custom_id, model, prompt, quality, n, size, metadata, priority, max_attempts, max_unknown_attempts, " +
        "on_unknown, status, due_at, ticket, tokens_taken, attempts, counted_attempts, unknown_attempts, cost_amount, cost_possible, created_at";

    public static async Task<int> RunAsync(string[] args)
    {
        int lines = args is ["--lines", var given] ? int.Parse(given, CultureInfo.InvariantCulture) : 50_000;
        await using MeasuredCluster cluster = await MeasuredCluster.StartAsync(_ => { });
        NodeProcess node = await cluster.StartNodeAsync("Darkroom:Roles=api,worker", $"Darkroom:Batches:MaxLines={lines}");
        using DarkroomClient client = MeasuredCluster.ClientOf(node);
        await client.PauseEndpointAsync("default");
        Console.WriteLine($"{lines:N0} lines; best of {Repetitions}; peak memory of the worker over all of them\n");
        Console.WriteLine("| file, MB | upload, s | created to durable, s | both, s | COPY alone, s | worker's CPU, s | peak, MB |\n|---|---|---|---|---|---|---|");
        foreach (int promptLength in new[] { 60, 200_000_000 / lines - 200 })
            await MeasureAsync(cluster, node, client, lines, promptLength);
        return 0;
    }

    private static async Task MeasureAsync(MeasuredCluster cluster, NodeProcess node, DarkroomClient client, int lines, int promptLength)
    {
        string file = Path.GetTempFileName();
        await WriteAsync(file, lines, promptLength);
        List<(double Upload, double Read, double Floor, double Cpu)> runs = [];
        node.ForgetPeak();
        for (int i = 0; i < Repetitions; i++)
            runs.Add(await RunOnceAsync(cluster, node, client, file, lines));
        (double upload, double read, _, _) = runs.MinBy(run => run.Upload + run.Read);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {new FileInfo(file).Length / 1e6:F0} | {upload:F2} | {read:F2} | {upload + read:F2} | {runs.Min(run => run.Floor):F2} | {runs.Min(run => run.Cpu):F2} | {node.PeakMemory / 1e6:F0} |"));
        File.Delete(file);
    }

    private static async Task<(double Upload, double Read, double Floor, double Cpu)> RunOnceAsync(
        MeasuredCluster cluster, NodeProcess node, DarkroomClient client, string file, int lines)
    {
        TimeSpan cpu = node.Cpu;
        long began = Stopwatch.GetTimestamp();
        await using FileStream content = File.OpenRead(file);
        StoredFile uploaded = await client.UploadFileAsync(content, "lines.jsonl");
        double upload = Stopwatch.GetElapsedTime(began).TotalSeconds;
        began = Stopwatch.GetTimestamp();
        await client.CreateBatchAsync(new CreateBatch { InputFileId = uploaded.Id });
        while (await cluster.AskAsync<long>("SELECT count(*) FROM darkroom.batches WHERE status = 'validating'") > 0)
            await Task.Delay(10);
        double read = Stopwatch.GetElapsedTime(began).TotalSeconds;
        double used = (node.Cpu - cpu).TotalSeconds;
        if (await cluster.AskAsync<long>("SELECT count(*) FROM darkroom.jobs WHERE batch_id IS NOT NULL") != lines)
            throw new InvalidOperationException("not every line became a job");
        double floor = await CopyAloneAsync(cluster);
        await cluster.ExecuteAsync("DELETE FROM darkroom.jobs; DELETE FROM darkroom.batches");
        await cluster.VacuumAsync();
        return (upload, read, floor, used);
    }

    private static async Task<double> CopyAloneAsync(MeasuredCluster cluster)
    {
        string rows = Path.GetTempFileName();
        await using NpgsqlConnection connection = await cluster.Database.OpenConnectionAsync();
        await using (FileStream file = File.Create(rows))
        await using (NpgsqlRawCopyStream reading = await connection.BeginRawBinaryCopyAsync($"COPY darkroom.jobs ({Columns}) TO STDOUT (FORMAT BINARY)"))
            await reading.CopyToAsync(file);
        await cluster.ExecuteAsync("DELETE FROM darkroom.jobs");
        await cluster.VacuumAsync();
        long began = Stopwatch.GetTimestamp();
        await using (FileStream file = File.OpenRead(rows))
        await using (NpgsqlRawCopyStream writing = await connection.BeginRawBinaryCopyAsync($"COPY darkroom.jobs ({Columns}) FROM STDIN (FORMAT BINARY)"))
            await file.CopyToAsync(writing);
        double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        File.Delete(rows);
        return seconds;
    }

    private static async Task WriteAsync(string path, int lines, int promptLength)
    {
        await using StreamWriter file = new(path, append: false, new UTF8Encoding(false), 1 << 20);
        StringBuilder prompt = new();
        for (int i = 0; prompt.Length < promptLength; i++)
            prompt.Append(CultureInfo.InvariantCulture, $"a harbour in the rain with {i} red boats, ");
        string end = prompt.ToString(0, Math.Max(0, promptLength - 8));
        for (int i = 0; i < lines; i++)
            await file.WriteLineAsync($$$"""{"custom_id":"line-{{{i}}}","method":"POST","url":"/v1/images/generations","body":{"model":"gpt-image-1.5","prompt":"{{{i:D8}}}{{{end}}}","quality":"low","size":"1024x1024"}}""");
    }
}
