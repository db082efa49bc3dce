using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Darkroom.Demo.Postgres;
using Darkroom.Simulator;
using Npgsql;
using Xunit;

namespace Darkroom.CrashTests;

/// <summary>
/// A Postgres of its own that can be stopped, the simulated endpoint with its account, and workers that are quick to miss each other.
/// </summary>
internal sealed partial class CrashCluster : IAsyncDisposable
{
    const string Key = "dk_crash-tests-0123456789abcdef0123";

    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("darkroom-crash-");
    readonly List<WorkerProcess> workers = [];
    readonly List<WorkerProcess> gone = [];
    readonly NpgsqlDataSource database;
    readonly string connectionString;

    CrashCluster(PrivatePostgres? own, string connectionString, SimulatorHost endpoint)
    {
        (Own, this.connectionString, Endpoint) = (own, connectionString, endpoint);
        // A machine busy with all the scenarios may take its time over a copy of ten thousand rows.
        database = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString) { CommandTimeout = 120 });
    }

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Null where the server is shared with other scenarios and must be left alone.</summary>
    public PrivatePostgres? Own { get; }

    public SimulatorHost Endpoint { get; }

    public string SpoolPath => Path.Combine(folder.FullName, "spool");

    public static async Task<CrashCluster> StartAsync()
    {
        var shared = await TestContext.Current.GetFixture<SharedPostgres>()
            ?? throw new InvalidOperationException("A cluster exists only within a test run.");
        return new CrashCluster(own: null, await shared.CreateDatabaseAsync(Ct), await SimulatorHost.StartAsync());
    }

    /// <summary>With a server of its own, to be stopped.</summary>
    public static async Task<CrashCluster> StartWithPostgresAsync()
    {
        var whyNot = new List<string>();
        var postgres = await PrivatePostgres.TryStartAsync(new PostgresNeeds { Durable = true }, whyNot, Ct);
        Assert.SkipWhen(postgres is null, string.Join(' ', whyNot));
        return new CrashCluster(postgres, postgres!.ConnectionString, await SimulatorHost.StartAsync());
    }

    /// <summary>A heartbeat every half second, missed for three: what the design does within 20 s happens within 5.</summary>
    public async Task<WorkerProcess> StartWorkerAsync(params string[] settings)
    {
        var worker = Launch(settings);
        await worker.WaitForReadinessAsync(ready: true, Ct);
        return worker;
    }

    /// <summary>A worker that ends or freezes itself at a step of the first job that comes to it.</summary>
    public async Task<WorkerProcess> StartWorkerAsync(Step step, Signal signal, params string[] settings)
    {
        var worker = Launch(settings, new Dictionary<string, string>
        {
            ["DOTNET_STARTUP_HOOKS"] = typeof(StartupHook).Assembly.Location,
            [StartupHook.StepVariable] = step.ToString(),
            [StartupHook.SignalVariable] = ((int)signal).ToString(CultureInfo.InvariantCulture),
        });
        await worker.WaitForReadinessAsync(ready: true, Ct);
        return worker;
    }

    /// <summary>Those that have not been replaced.</summary>
    public IReadOnlyList<WorkerProcess> Workers => workers;

    /// <summary>Starts another in the place of one that has ended, and does not wait for it.</summary>
    public void Replace(WorkerProcess ended)
    {
        Launch([]);
        workers.Remove(ended);
        gone.Add(ended);
    }

    /// <summary>Starts a worker and does not wait for it.</summary>
    public WorkerProcess Launch(string[] settings, IReadOnlyDictionary<string, string>? environment = null)
    {
        var worker = WorkerProcess.Start(
            [
                $"ConnectionStrings:Darkroom={connectionString}",
                $"Darkroom:Endpoints:0:BaseUrl={Endpoint.BaseAddress}",
                "Darkroom:Endpoints:0:ApiKey=sk-crash",
                "Darkroom:Endpoints:0:ImagesPerMinute=60000",
                $"Darkroom:Auth:BootstrapKey={Key}",
                $"Darkroom:Storage:FileSystem:Root={folder.FullName}/images",
                $"Darkroom:Worker:SpoolPath={SpoolPath}",
                $"Darkroom:Files:DraftPath={Path.Combine(folder.FullName, "drafts")}",
                "Darkroom:Webhooks:AllowHttp=true",
                "Darkroom:Webhooks:AllowedNetworks:0=127.0.0.0/8",
                "Darkroom:Worker:Slots=20",
                "Darkroom:Worker:HeartbeatInterval=00:00:00.5",
                "Darkroom:Worker:RescueAfter=00:00:03",
                .. settings,
            ], environment);
        worker.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        workers.Add(worker);
        return worker;
    }

    public static async Task<HttpResponseMessage> SubmitAsync(WorkerProcess worker, string prompt, int maxUnknownAttempts = 2) => await worker.Http.PostAsJsonAsync(
        new Uri("/v1/jobs", UriKind.Relative), new { model = "gpt-image-1.5", prompt, quality = "low", max_attempts = 50, max_unknown_attempts = maxUnknownAttempts }, JsonSerializerOptions.Web, Ct);

    public static async Task SubmitAsync(WorkerProcess worker, int count, int maxUnknownAttempts = 2)
    {
        for (var i = 0; i < count; i++)
        {
            using var answer = await SubmitAsync(worker, $"job {i.ToString(CultureInfo.InvariantCulture)}", maxUnknownAttempts);
            answer.EnsureSuccessStatusCode();
        }
    }

    /// <summary>So many jobs of one attempt each at once, copied in the database from one that was submitted.</summary>
    public async Task InsertJobsAsync(WorkerProcess worker, int count)
    {
        using (var template = await worker.Http.PostAsJsonAsync(
            new Uri("/v1/jobs", UriKind.Relative),
            new { model = "gpt-image-1.5", prompt = "mutant", quality = "low", max_attempts = 1, max_unknown_attempts = 1, not_before = DateTimeOffset.UtcNow.AddDays(1) },
            JsonSerializerOptions.Web, Ct))
            template.EnsureSuccessStatusCode();
        await using var command = database.CreateCommand($"""
            INSERT INTO darkroom.jobs SELECT (jsonb_populate_record(j, jsonb_build_object('id', gen_random_uuid(), 'due_at', darkroom.now()))).*
            FROM darkroom.jobs AS j, generate_series(2, {count.ToString(CultureInfo.InvariantCulture)});
            UPDATE darkroom.jobs SET due_at = darkroom.now();
            """);
        await command.ExecuteNonQueryAsync(Ct);
    }

    /// <summary>A batch with so many lines in one state, copied in the database from a job that was submitted.</summary>
    public async Task<Guid> InsertBatchAsync(WorkerProcess worker, int lines, string status, bool paused)
    {
        using (var template = await worker.Http.PostAsJsonAsync(
            new Uri("/v1/jobs", UriKind.Relative), new { model = "gpt-image-1.5", prompt = "line", quality = "low", not_before = DateTimeOffset.UtcNow.AddDays(1) },
            JsonSerializerOptions.Web, Ct))
            template.EnsureSuccessStatusCode();
        var batch = Guid.CreateVersion7();
        var ended = status == "failed" ? lines : 0;
        await using var command = database.CreateCommand($"""
            INSERT INTO darkroom.batches (id, project_id, status, input_file_id, completion_window, metadata, priority, max_attempts, max_unknown_attempts,
                on_unknown, webhook_url, skip_invalid, output_base64, paused_at, total, succeeded, failed, held, canceled, skipped_lines, created_at, expires_at)
            SELECT '{batch}', project_id, 'in_progress', id, '24h', '{"{}"}', 7, 5, 2, 'retry', 'http://127.0.0.1:9/hook', false, false,
                {(paused ? "now()" : "NULL")}, {lines.ToString(CultureInfo.InvariantCulture)}, 0, {ended.ToString(CultureInfo.InvariantCulture)}, 0, 0, 0, now(), now() + interval '1 day'
            FROM darkroom.jobs;
            INSERT INTO darkroom.jobs SELECT (jsonb_populate_record(j, jsonb_build_object(
                'id', gen_random_uuid(), 'batch_id', '{batch}', 'lane', '{batch}', 'custom_id', 'line ' || number, 'status', '{status}', 'due_at', darkroom.now()))).*
            FROM darkroom.jobs AS j, generate_series(1, {lines.ToString(CultureInfo.InvariantCulture)}) AS number;
            DELETE FROM darkroom.jobs WHERE batch_id IS NULL
            """);
        await command.ExecuteNonQueryAsync(Ct);
        return batch;
    }

    /// <summary>Whoever writes the job of this custom id waits within its transaction, until what is returned is disposed.</summary>
    public async Task<IAsyncDisposable> HoldAtJobAsync(string customId)
    {
        await using var command = database.CreateCommand($"""
            CREATE FUNCTION darkroom.hold() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NEW; END';
            CREATE TRIGGER hold BEFORE INSERT ON darkroom.jobs FOR EACH ROW WHEN (NEW.custom_id = '{customId}') EXECUTE FUNCTION darkroom.hold();
            """);
        await command.ExecuteNonQueryAsync(Ct);
        // Without a pool it is closed when disposed, and its lock gone.
        var holding = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
        await holding.OpenAsync(Ct);
        await using var hold = new NpgsqlCommand("SELECT pg_advisory_lock(1)", holding);
        await hold.ExecuteNonQueryAsync(Ct);
        return holding;
    }

    /// <summary>Sets <c>darkroom.now()</c>, the only clock our SQL asks, ahead.</summary>
    public async Task ShiftClockAsync(TimeSpan ahead)
    {
        await using var command = database.CreateCommand($"""
            CREATE OR REPLACE FUNCTION darkroom.now() RETURNS timestamptz LANGUAGE sql STABLE
            AS $$ SELECT statement_timestamp() + interval '{ahead.TotalSeconds.ToString(CultureInfo.InvariantCulture)} seconds' $$
            """);
        await command.ExecuteNonQueryAsync(Ct);
    }

    public async Task RestartPostgresAsync()
    {
        await Own!.StopAsync(immediate: true, Ct);
        await Own.StartAsync(Ct);
        // This program's own connections to the old server; the workers have to find out by themselves.
        database.Clear();
    }

    /// <summary>One job at a worker that may end or freeze before it has answered.</summary>
    /// <param name="notBefore">When it may be called.</param>
    /// <param name="deadline">When it may no longer be called.</param>
    public static Task SubmitToVictimAsync(WorkerProcess victim, DateTimeOffset? notBefore = null, DateTimeOffset? deadline = null) => AskVictimAsync(victim, "/v1/jobs", new
    {
        model = "gpt-image-1.5",
        prompt = "one",
        quality = "low",
        // Nobody listens there: the delivery stays to be counted.
        webhook_url = "http://127.0.0.1:9/hook",
        not_before = notBefore,
        deadline,
    });

    /// <summary>A request at a worker that may end or freeze before it has answered.</summary>
    public static async Task AskVictimAsync(WorkerProcess victim, string path, object body)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        patience.CancelAfter(TimeSpan.FromSeconds(5));
        try
        {
            using var answer = await victim.Http.PostAsJsonAsync(new Uri(path, UriKind.Relative), body, JsonSerializerOptions.Web, patience.Token);
            answer.EnsureSuccessStatusCode();
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !Ct.IsCancellationRequested)
        {
            // It reached its step.
        }
    }

    string Output => string.Join("\n--\n", workers.Concat(gone).Select(w => $"{w.Name}\n{w.Output}"));

    public async ValueTask DisposeAsync()
    {
        foreach (var worker in workers.Concat(gone))
            await worker.DisposeAsync();
        await Endpoint.DisposeAsync();
        await database.DisposeAsync();
        if (Own is not null)
            await Own.DisposeAsync();
        folder.Delete(recursive: true);
    }
}
