using Darkroom.Demo.Postgres;
using Darkroom.Simulator;
using Npgsql;

namespace Darkroom.Benchmarks.Capacity;

/// <summary>A Postgres with stock durability that counts its statements, the simulated endpoint, and as many nodes as are started.</summary>
internal sealed class MeasuredCluster : IAsyncDisposable
{
    private const string Key = "dk_capacity-scenario-0123456789abcdef";

    private readonly PrivatePostgres postgres;
    private readonly NpgsqlDataSource database;
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("darkroom-capacity-");
    private readonly Stack<NodeProcess> nodes = new();

    private MeasuredCluster(PrivatePostgres postgres, SimulatorHost endpoint)
    {
        (this.postgres, Endpoint) = (postgres, endpoint);
        database = NpgsqlDataSource.Create(postgres.ConnectionString);
    }

    public SimulatorHost Endpoint { get; }

    public NpgsqlDataSource Database => database;

    /// <exception cref="InvalidOperationException">This machine has no Postgres server binaries.</exception>
    public static async Task<MeasuredCluster> StartAsync(Action<SimulatorOptions> configure)
    {
        List<string> whyNot = [];
        PrivatePostgres postgres = await PrivatePostgres.TryStartAsync(new PostgresNeeds { Durable = true }, whyNot, CancellationToken.None)
            ?? throw new InvalidOperationException(string.Join(' ', whyNot));
        MeasuredCluster cluster = new(postgres, await SimulatorHost.StartAsync(configure));
        await cluster.CountStatementsAsync();
        return cluster;
    }

    private async Task CountStatementsAsync()
    {
        await ExecuteAsync("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'");
        NpgsqlConnection.ClearAllPools();
        await postgres.StopAsync(immediate: false, CancellationToken.None);
        await postgres.StartAsync(CancellationToken.None);
        database.Clear();
        await ExecuteAsync("CREATE EXTENSION pg_stat_statements");
    }

    /// <param name="settings">Further settings, <c>key=value</c>; these win.</param>
    public async Task<NodeProcess> StartNodeAsync(params string[] settings)
    {
        NodeProcess node = await NodeProcess.StartAsync(
        [
            $"ConnectionStrings:Darkroom={postgres.ConnectionString}",
            $"Darkroom:Endpoints:0:BaseUrl={Endpoint.BaseAddress}",
            "Darkroom:Endpoints:0:ApiKey=sk-capacity",
            $"Darkroom:Auth:BootstrapKey={Key}",
            $"Darkroom:Storage:FileSystem:Root={folder.FullName}/images",
            $"Darkroom:Worker:SpoolPath={folder.FullName}/spool",
            $"Darkroom:Files:DraftPath={folder.FullName}/drafts",
            "Darkroom:Worker:DrainTimeout=00:00:05",
            .. settings,
        ]);
        nodes.Push(node);
        return node;
    }

    public static Client.DarkroomClient ClientOf(NodeProcess node) => new(node.Address, Key);

    public static HttpClient HttpOf(NodeProcess node) => new() { BaseAddress = node.Address, DefaultRequestHeaders = { Authorization = new("Bearer", Key) } };

    /// <summary>Statements the whole cluster sends in a second, counted over a time.</summary>
    public async Task<double> StatementsPerSecondAsync(TimeSpan over)
    {
        await ExecuteAsync("SELECT pg_stat_statements_reset()");
        await Task.Delay(over);
        return await AskAsync<decimal>("SELECT sum(calls) - 1 FROM pg_stat_statements") is var calls ? (double)calls / over.TotalSeconds : 0;
    }

    /// <summary>Due jobs, all in one statement: submission is not what is measured here.</summary>
    public Task AddJobsAsync(int count, DateTimeOffset due) => ExecuteAsync($$"""
        INSERT INTO darkroom.jobs (id, project_id, lane, endpoint, model, prompt, quality, n, size, metadata, priority, max_attempts,
            max_unknown_attempts, on_unknown, status, due_at, ticket, tokens_taken, attempts, counted_attempts, unknown_attempts, created_at)
        SELECT gen_random_uuid(), p.id, p.id, 'default', 'gpt-image-1.5', 'capacity ' || i, 'low', 1, '1024x1024', '{}', 5, 5, 2, 'retry',
            'queued', to_timestamp({{due.ToUnixTimeMilliseconds()}} / 1000.0), 0, 0, 0, 0, 0, darkroom.now()
        FROM generate_series(1, {{count}}) AS i, (SELECT id FROM darkroom.projects LIMIT 1) AS p
        """);

    /// <summary>
    /// A month of work, the newest tenth still waiting for another year: one job in 200 failed, 30 are held; every prompt has the word
    /// harbour, one in 200 lantern, three needle.
    /// </summary>
    public Task AddOldJobsAsync(int count) => ExecuteAsync($$"""
        INSERT INTO darkroom.jobs (id, project_id, lane, endpoint, model, prompt, custom_id, quality, n, size, metadata, priority, max_attempts,
            max_unknown_attempts, on_unknown, status, due_at, ticket, tokens_taken, attempts, counted_attempts, unknown_attempts, cost_amount,
            error_code, error_message, created_at, finished_at)
        SELECT gen_random_uuid(), p.id, p.id, 'default', CASE WHEN i % 100 = 1 THEN 'gpt-image-1' ELSE 'gpt-image-1.5' END,
            'Oil painting of a harbour with red boats, thick brushwork, variation ' || i || CASE WHEN i % 200 = 2 THEN ', with a lantern' ELSE '' END
                || CASE WHEN i IN (10, 500, {{count}} / 2) THEN ', and a needle' ELSE '' END,
            'line-' || i, 'low', 1, '1024x1024', '{}', 5, 5, 2, 'retry', s.status, darkroom.now() + interval '1 year', 0, 0, 1, 1, 0, 0.011,
            CASE s.status WHEN 'failed' THEN 'server_error' END, CASE s.status WHEN 'failed' THEN 'The endpoint failed five times.' END,
            t.at, CASE WHEN s.status IN ('succeeded', 'failed') THEN t.at + interval '20 seconds' END
        FROM generate_series(1, {{count}}) AS i, (SELECT id FROM darkroom.projects LIMIT 1) AS p,
            LATERAL (SELECT CASE WHEN i % ({{count}} / 30 + 1) = 7 THEN 'held' WHEN i > {{count}} * 0.9 THEN 'queued' WHEN i % 200 = 3 THEN 'failed'
                ELSE 'succeeded' END AS status) AS s,
            LATERAL (SELECT darkroom.now() - interval '1 minute' - ({{count}} - i) * interval '2.5 seconds' AS at) AS t
        """);

    public Task VacuumAsync() => ExecuteAsync("VACUUM ANALYZE");

    public async Task WaitForSucceededAsync(long count)
    {
        while (await AskAsync<long>("SELECT count(*) FROM darkroom.jobs WHERE status = 'succeeded'") < count)
            await Task.Delay(200);
    }

    public async Task ExecuteAsync(string sql)
    {
        await using NpgsqlCommand command = database.CreateCommand(sql);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync();
    }

    public async Task<T> AskAsync<T>(string sql)
    {
        await using NpgsqlCommand command = database.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public async ValueTask DisposeAsync()
    {
        while (nodes.TryPop(out NodeProcess? node))
            await node.DisposeAsync();
        await Endpoint.DisposeAsync();
        await database.DisposeAsync();
        await postgres.DisposeAsync();
        folder.Delete(recursive: true);
    }
}
