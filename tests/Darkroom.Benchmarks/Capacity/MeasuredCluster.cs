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
            "Darkroom:Worker:DrainTimeout=00:00:05",
            .. settings,
        ]);
        nodes.Push(node);
        return node;
    }

    public static Client.DarkroomClient ClientOf(NodeProcess node) => new(node.Address, Key);

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

    public async Task WaitForSucceededAsync(long count)
    {
        while (await AskAsync<long>("SELECT count(*) FROM darkroom.jobs WHERE status = 'succeeded'") < count)
            await Task.Delay(200);
    }

    private async Task ExecuteAsync(string sql)
    {
        await using NpgsqlCommand command = database.CreateCommand(sql);
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
