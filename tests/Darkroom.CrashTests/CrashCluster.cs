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
internal sealed class CrashCluster : IAsyncDisposable
{
    const string Key = "dk_crash-tests-0123456789abcdef0123";

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("darkroom-crash-");
    readonly List<WorkerProcess> workers = [];
    readonly NpgsqlDataSource database;

    CrashCluster(PrivatePostgres postgres, SimulatorHost endpoint)
    {
        (Postgres, Endpoint) = (postgres, endpoint);
        database = NpgsqlDataSource.Create(postgres.ConnectionString);
    }

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    public PrivatePostgres Postgres { get; }

    public SimulatorHost Endpoint { get; }

    public static async Task<CrashCluster> StartAsync()
    {
        var whyNot = new List<string>();
        var postgres = await PrivatePostgres.TryStartAsync(new PostgresNeeds { Durable = true }, whyNot, Ct);
        Assert.SkipWhen(postgres is null, string.Join(' ', whyNot));
        return new CrashCluster(postgres!, await SimulatorHost.StartAsync());
    }

    /// <summary>A heartbeat every half second, missed for three: what the design does within 20 s happens within 5.</summary>
    public async Task<WorkerProcess> StartWorkerAsync(params string[] settings)
    {
        var worker = await WorkerProcess.StartAsync(
            [
                $"ConnectionStrings:Darkroom={Postgres.ConnectionString}",
                $"Darkroom:Endpoints:0:BaseUrl={Endpoint.BaseAddress}",
                "Darkroom:Endpoints:0:ApiKey=sk-crash",
                "Darkroom:Endpoints:0:ImagesPerMinute=60000",
                $"Darkroom:Auth:BootstrapKey={Key}",
                $"Darkroom:Storage:FileSystem:Root={folder.FullName}/images",
                $"Darkroom:Worker:SpoolPath={folder.FullName}/spool",
                "Darkroom:Worker:Slots=20",
                "Darkroom:Worker:HeartbeatInterval=00:00:00.5",
                "Darkroom:Worker:RescueAfter=00:00:03",
                .. settings,
            ], Ct);
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

    /// <summary>Returns when the query's number is as said; asked ten times a second, for nobody tells of rows.</summary>
    public async Task WaitUntilAsync(string sql, long expected)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        patience.CancelAfter(Patience);
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        long last;
        while ((last = await AskAsync(sql)) != expected)
        {
            Assert.False(patience.IsCancellationRequested, $"{sql} is {last} and not {expected}.\n{string.Join("\n--\n", workers.Select(w => w.Output))}");
            await ticks.WaitForNextTickAsync(Ct);
        }
    }

    public Task WaitForAllSucceededAsync(int jobs) => WaitUntilAsync("SELECT count(*) FROM darkroom.jobs WHERE status = 'succeeded'", jobs);

    public async Task<long> AskAsync(string sql)
    {
        await using var command = database.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync(Ct))!;
    }

    /// <summary>Every job one result; every call on the wire one attempt, and every winning attempt one call.</summary>
    public async Task AssertLedgerAsync(int jobs)
    {
        Assert.Equal(jobs, await AskAsync("SELECT count(*) FROM darkroom.jobs"));
        Assert.Equal(jobs, await AskAsync("SELECT count(*) FROM darkroom.attempts WHERE status = 'succeeded'"));
        Assert.Equal(jobs, await AskAsync("SELECT count(*) FROM darkroom.images"));
        var attempts = new List<string>();
        await using var command = database.CreateCommand("SELECT id::text FROM darkroom.attempts WHERE status <> 'undelivered'");
        await using var reader = await command.ExecuteReaderAsync(Ct);
        while (await reader.ReadAsync(Ct))
            attempts.Add(reader.GetString(0));
        var calls = Endpoint.Account.Calls.Select(call => call.ClientRequestId!).ToList();
        Assert.Equal(calls.Count, calls.Distinct().Count());
        Assert.Empty(calls.Except(attempts));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var worker in workers)
            await worker.DisposeAsync();
        await Endpoint.DisposeAsync();
        await database.DisposeAsync();
        await Postgres.DisposeAsync();
        folder.Delete(recursive: true);
    }
}
