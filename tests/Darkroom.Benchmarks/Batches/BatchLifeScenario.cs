using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using Darkroom.Benchmarks.Capacity;
using Darkroom.Client;
using Darkroom.Migrations;
using Darkroom.Worker.Batches;
using Darkroom.Worker.Endpoint;
using Darkroom.Worker.Jobs;
using Darkroom.Worker.Observability;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Row = Darkroom.Migrations.Rows;

namespace Darkroom.Benchmarks.Batches;

/// <summary>Completions a second in one batch and in fifty, and how soon pausing and cancelling 50,000 lines takes effect.</summary>
internal static class BatchLifeScenario
{
    private const int Completions = 4000, Callers = 16, Lines = 50_000, CallsBefore = 300;

    public static async Task<int> RunAsync(string[] args)
    {
        Console.WriteLine("| what | figure |\n|---|---|");
        foreach (int batches in new[] { 0, 1, 50, 1, 50 })
            await MeasureCompletionsAsync(batches);
        await MeasureDecisionsAsync();
        return 0;
    }

    /// <summary>The whole record of a result, with the sweep at work beside it.</summary>
    private static async Task MeasureCompletionsAsync(int batches)
    {
        await using MeasuredCluster cluster = await MeasuredCluster.StartAsync(_ => { });
        await cluster.StartNodeAsync("Darkroom:Roles=api"); // It makes the tables and the project.
        await AddBatchesAsync(cluster, batches, batches == 0 ? 0 : Completions / batches);
        await AddLinesAsync(cluster, batches, Completions, "running");
        await cluster.ExecuteAsync("""
            INSERT INTO darkroom.attempts (id, job_id, number, status, node_id, node_name, endpoint, started_at)
            SELECT attempt_id, id, 1, 'received', gen_random_uuid(), 'benchmark', endpoint, darkroom.now() FROM darkroom.jobs
            """);
        Contexts contexts = new(cluster);
        await using ServiceProvider meters = new ServiceCollection().AddMetrics().BuildServiceProvider();
        JobTransitions jobs = new(contexts, new DarkroomMetrics(meters.GetRequiredService<IMeterFactory>(), Options.Create(new EndpointSettings())));
        await using DarkroomDb db = contexts.CreateDbContext();
        var running = await db.Jobs.Select(j => new { j.Id, Attempt = j.AttemptId!.Value }).ToListAsync();

        using CancellationTokenSource done = new();
        Task sweep = SweepAsync(new BatchTransitions(contexts), done.Token);
        Stopwatch watch = Stopwatch.StartNew();
        await Parallel.ForEachAsync(running, new ParallelOptions { MaxDegreeOfParallelism = Callers }, async (job, ct) =>
            await jobs.SucceedAsync(job.Attempt, Result(job.Id, job.Attempt), ct));
        double seconds = watch.Elapsed.TotalSeconds;
        await done.CancelAsync();
        await sweep;
        string where = batches switch { 0 => "outside a batch", 1 => "in one batch", _ => $"in {batches} batches" };
        Print($"completions a second {where}, {Callers} at once", $"{Completions / seconds:F0}");
    }

    private static async Task SweepAsync(BatchTransitions batches, CancellationToken done)
    {
        while (!done.IsCancellationRequested)
        {
            await batches.FoldAsync(5000, CancellationToken.None);
            await Task.Delay(100, CancellationToken.None);
        }
    }

    /// <summary>From the commit of the decision to the last claim of a line.</summary>
    private static async Task MeasureDecisionsAsync()
    {
        await using MeasuredCluster cluster = await MeasuredCluster.StartAsync(endpoint =>
            (endpoint.LatencyMin, endpoint.LatencyMax, endpoint.MinPictureBytes, endpoint.MaxPictureBytes) = (TimeSpan.FromSeconds(0.2), TimeSpan.FromSeconds(0.6), 20_000, 40_000));
        NodeProcess node = await cluster.StartNodeAsync("Darkroom:Endpoints:0:ImagesPerMinute=60000", "Darkroom:Worker:Slots=50");
        using DarkroomClient client = MeasuredCluster.ClientOf(node);
        await AddBatchesAsync(cluster, 1, Lines);
        await AddLinesAsync(cluster, 1, Lines, "queued");
        string id = "batch_" + (await cluster.AskAsync<Guid>("SELECT id FROM darkroom.batches")).ToString("N");

        await cluster.WaitForSucceededAsync(CallsBefore);
        await client.PauseBatchAsync(id);
        await Task.Delay(3000);
        Print($"pause of {Lines} lines under way: last claim after it", await LastClaimAsync(cluster, "paused_at"));
        await client.ResumeBatchAsync(id);
        await cluster.WaitForSucceededAsync(2 * CallsBefore);
        Stopwatch watch = Stopwatch.StartNew();
        await client.CancelBatchAsync(id);
        while (await cluster.AskAsync<long>("SELECT count(*) FROM darkroom.batches WHERE status = 'cancelled'") == 0)
            await Task.Delay(50);
        Print($"cancel of {Lines} lines under way: last claim after it", await LastClaimAsync(cluster, "cancelling_at"));
        Print("the same: until every line has ended and the files are written", $"{watch.Elapsed.TotalSeconds:F1} s");
    }

    private static async Task<FormattableString> LastClaimAsync(MeasuredCluster cluster, string decided) =>
        $"{await cluster.AskAsync<double>($"SELECT greatest(0, 1000 * extract(epoch FROM max(a.started_at) - max(b.{decided})))::float8 FROM darkroom.attempts AS a, darkroom.batches AS b"):F0} ms";

    private static Task AddBatchesAsync(MeasuredCluster cluster, int batches, int lines) => cluster.ExecuteAsync($$"""
        INSERT INTO darkroom.batches (id, project_id, status, input_file_id, completion_window, metadata, priority, max_attempts, max_unknown_attempts, on_unknown,
            skip_invalid, output_base64, total, succeeded, failed, held, canceled, skipped_lines, created_at, expires_at, in_progress_at)
        SELECT gen_random_uuid(), p.id, 'in_progress', gen_random_uuid(), '24h', '{}', 7, 5, 2, 'retry', false, false, {{lines}}, 0, 0, 0, 0, 0,
            darkroom.now() + i * interval '1 microsecond', darkroom.now() + interval '1 day', darkroom.now()
        FROM generate_series(1, {{batches}}) AS i, (SELECT id FROM darkroom.projects LIMIT 1) AS p
        """);

    private static Task AddLinesAsync(MeasuredCluster cluster, int batches, int count, string status) => cluster.ExecuteAsync($$"""
        INSERT INTO darkroom.jobs (id, project_id, batch_id, lane, endpoint, custom_id, model, prompt, quality, n, size, metadata, priority, max_attempts,
            max_unknown_attempts, on_unknown, status, due_at, ticket, tokens_taken, attempt_id, attempts, counted_attempts, unknown_attempts, created_at)
        SELECT gen_random_uuid(), p.id, b.id, coalesce(b.id, p.id), 'default', 'line-' || i, 'gpt-image-1.5', 'line ' || i, 'low', 1, '1024x1024', '{}', 7, 5, 2, 'retry',
            '{{status}}', darkroom.now(), 0, 0, CASE WHEN '{{status}}' = 'running' THEN gen_random_uuid() END, 0, 0, 0, darkroom.now()
        FROM generate_series(1, {{count}}) AS i
            CROSS JOIN (SELECT id FROM darkroom.projects LIMIT 1) AS p
            LEFT JOIN (SELECT id, row_number() OVER (ORDER BY created_at) - 1 AS n FROM darkroom.batches) AS b ON b.n = i % greatest({{batches}}, 1)
        """);

    private static Worker.Jobs.JobResult Result(Guid job, Guid attempt) => new(
        new AnswerFacts(200, "req", """{"input_tokens":3,"output_tokens":272,"total_tokens":275}"""), DateTimeOffset.UnixEpoch, "png", "low", "1024x1024",
        Partial: false, Cost: 0.01m,
        [new Row.Image { JobId = job, AttemptId = attempt, Index = 0, Extension = "png", ContentType = "image/png", Bytes = 10, Sha256 = new byte[32], Width = 1024, Height = 1024 }]);

    private static void Print(string what, FormattableString figure) => Console.WriteLine($"| {what} | {figure.ToString(CultureInfo.InvariantCulture)} |");

    private sealed class Contexts(MeasuredCluster cluster) : IDbContextFactory<DarkroomDb>
    {
        private readonly DbContextOptions<DarkroomDb> options = Options(cluster);

        private static DbContextOptions<DarkroomDb> Options(MeasuredCluster cluster)
        {
            DbContextOptionsBuilder<DarkroomDb> builder = new();
            builder.UseDarkroom(cluster.Database);
            return builder.Options;
        }

        public DarkroomDb CreateDbContext() => new(options);
    }
}
