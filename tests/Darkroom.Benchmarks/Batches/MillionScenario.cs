using System.Diagnostics;
using System.Globalization;
using Darkroom.Benchmarks.Capacity;
using Darkroom.Client;

namespace Darkroom.Benchmarks.Batches;

/// <summary>A million queued jobs, most of them in a batch that is paused: how long admission, list calls and counters take.</summary>
internal static class MillionScenario
{
    private const int Paused = 800_000, Later = 199_000, Due = 1000, Repetitions = 30;

    public static async Task<int> RunAsync(string[] args)
    {
        await using MeasuredCluster cluster = await MeasuredCluster.StartAsync(_ => { });
        NodeProcess api = await cluster.StartNodeAsync("Darkroom:Roles=api");
        using DarkroomClient client = MeasuredCluster.ClientOf(api);
        using HttpClient http = MeasuredCluster.HttpOf(api);
        await AddAsync(cluster);
        await cluster.VacuumAsync();
        string batch = "batch_" + (await cluster.AskAsync<Guid>("SELECT id FROM darkroom.batches")).ToString("N");

        Console.WriteLine("| what, beside a million queued jobs | median, ms | slowest of 30, ms |\n|---|---|---|");
        await MeasureAsync("GET /v1/jobs, 100 of them", () => http.GetByteArrayAsync("/v1/jobs?limit=100"));
        await MeasureAsync("GET /v1/jobs of one batch", () => http.GetByteArrayAsync($"/v1/jobs?batch_id={batch}&limit=100"));
        await MeasureAsync("GET /v1/jobs, queued", () => http.GetByteArrayAsync("/v1/jobs?status=queued&limit=100"));
        await MeasureAsync("GET /v1/batches/{id}, its counters", () => client.GetBatchAsync(batch));
        await MeasureAsync("POST /v1/jobs", () => client.SubmitAsync(new SubmitJob { Model = "gpt-image-1.5", Prompt = "one more", NotBefore = DateTimeOffset.UtcNow.AddDays(1) }));

        await cluster.ExecuteAsync("SELECT pg_stat_statements_reset()");
        cluster.Endpoint.Options.LatencyMin = cluster.Endpoint.Options.LatencyMax = TimeSpan.FromSeconds(1);
        await cluster.StartNodeAsync("Darkroom:Roles=worker", "Darkroom:Endpoints:0:ImagesPerMinute=3000", "Darkroom:Worker:Slots=100");
        await cluster.WaitForSucceededAsync(Due);
        foreach ((string what, string statement) in new[] { ("admission's pick of due jobs", "WITH RECURSIVE lanes%"), ("the claim", "%INSERT INTO darkroom.attempts%") })
        {
            (double mean, double max) = await StatementAsync(cluster, statement);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {what}, mean and slowest | {mean:F1} | {max:F0} |"));
        }

        return 0;
    }

    private static async Task<(double Mean, double Max)> StatementAsync(MeasuredCluster cluster, string like) => (
        await cluster.AskAsync<double>($"SELECT sum(total_exec_time) / sum(calls) FROM pg_stat_statements WHERE query LIKE '{like}'"),
        await cluster.AskAsync<double>($"SELECT max(max_exec_time) FROM pg_stat_statements WHERE query LIKE '{like}'"));

    private static async Task MeasureAsync(string what, Func<Task> call)
    {
        List<double> milliseconds = [];
        for (int i = 0; i < Repetitions + 2; i++)
        {
            long began = Stopwatch.GetTimestamp();
            await call();
            // The first two find the code and the table's pages cold.
            if (i >= 2) milliseconds.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        milliseconds.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {what} | {milliseconds[Repetitions / 2]:F0} | {milliseconds[^1]:F0} |"));
    }

    private static Task AddAsync(MeasuredCluster cluster) => cluster.ExecuteAsync($$"""
        INSERT INTO darkroom.batches (id, project_id, status, input_file_id, completion_window, metadata, priority, max_attempts, max_unknown_attempts, on_unknown,
            skip_invalid, output_base64, paused_at, total, succeeded, failed, held, canceled, skipped_lines, created_at, expires_at, in_progress_at)
        SELECT gen_random_uuid(), p.id, 'in_progress', gen_random_uuid(), '24h', '{}', 0, 5, 2, 'retry', false, false, darkroom.now(), {{Paused}}, 0, 0, 0, 0, 0,
            darkroom.now(), darkroom.now() + interval '1 day', darkroom.now() FROM darkroom.projects AS p LIMIT 1;
        INSERT INTO darkroom.jobs (id, project_id, batch_id, lane, endpoint, model, prompt, quality, n, size, metadata, priority, max_attempts,
            max_unknown_attempts, on_unknown, status, due_at, ticket, tokens_taken, attempts, counted_attempts, unknown_attempts, created_at)
        SELECT gen_random_uuid(), b.project_id, CASE WHEN i <= {{Paused}} THEN b.id END, CASE WHEN i <= {{Paused}} THEN b.id ELSE b.project_id END, 'default',
            'gpt-image-1.5', 'a harbour with red boats, variation ' || i, 'low', 1, '1024x1024', '{}', CASE WHEN i <= {{Paused}} THEN 0 ELSE 5 END, 5, 2, 'retry', 'queued',
            CASE WHEN i <= {{Paused + Due}} THEN darkroom.now() ELSE darkroom.now() + interval '1 year' END, 0, 0, 0, 0, 0, darkroom.now() - interval '1 minute' + i * interval '1 microsecond'
        FROM generate_series(1, {{Paused + Due + Later}}) AS i, darkroom.batches AS b
        """);
}
