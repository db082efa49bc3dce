using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using Npgsql;
using Xunit;

namespace Darkroom.ContainerTests;

/// <summary>The whole system in containers, as docker-compose.yml has it, on ports of its own.</summary>
internal sealed class Stack : IAsyncDisposable
{
    /// <summary>As tests.env has it.</summary>
    const string Key = "dk_container-tests-0123456789abcdef";

    /// <summary>Without any progress. A failure of a scenario, not of its clock, so that what it started is taken down.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    static int lastPort = Random.Shared.Next(20_000, 30_000);

    readonly string project = $"darkroom-tests-{Guid.NewGuid():N}"[..22];
    readonly int endpointPort = FreePort();
    readonly NpgsqlDataSource database;

    Stack()
    {
        var (port, postgresPort) = (FreePort(), FreePort());
        Compose = new Compose(project, new Dictionary<string, string>
        {
            ["DARKROOM_PORT"] = Text(port),
            ["DARKROOM_PUBLIC_URL"] = $"http://127.0.0.1:{Text(port)}",
            ["DARKROOM_ENDPOINT_PORT"] = Text(endpointPort),
            ["DARKROOM_POSTGRES_PORT"] = Text(postgresPort),
            ["DARKROOM_BLOB_PORT"] = Text(FreePort()),
        });
        Api = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{Text(port)}") };
        Api.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        // Unpooled: the server goes and comes back.
        database = NpgsqlDataSource.Create(
            $"Host=127.0.0.1;Port={Text(postgresPort)};Database=darkroom;Username=darkroom;Password=darkroom;Pooling=false;GSS Encryption Mode=Disable");
    }

    public Compose Compose { get; }

    public HttpClient Api { get; }

    public string Network => $"{project}_default";

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Returns when every service is healthy.</summary>
    public static async Task<Stack> UpAsync(int workers)
    {
        await Images.BuiltAsync();
        var stack = new Stack();
        try
        {
            await stack.UpAgainAsync(workers);
            return stack;
        }
        catch
        {
            await stack.DisposeAsync();
            throw;
        }
    }

    public async Task UpAgainAsync(int workers)
    {
        await Compose.RunAsync("up", "--detach", "--no-build", "--scale", $"worker={Text(workers)}");
        await WaitUntilHealthyAsync([.. await ContainersAsync("worker"), .. await ContainersAsync("api"), .. await ContainersAsync("endpoint")]);
    }

    /// <summary>The containers of one service that run, by their ids, the oldest last.</summary>
    public Task<string[]> ContainersAsync(string service) => PsAsync("--filter", $"label=com.docker.compose.service={service}");

    /// <summary>All that run.</summary>
    public Task<string[]> ContainersAsync() => PsAsync();

    async Task<string[]> PsAsync(params string[] filter) => Lines(await Command.RunAsync(
        "docker", ["ps", "--quiet", "--no-trunc", "--filter", $"label=com.docker.compose.project={project}", .. filter]));

    public static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    public async Task WaitUntilHealthyAsync(params string[] containers)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        patience.CancelAfter(Patience);
        using var ticks = new PeriodicTimer(TimeSpan.FromSeconds(1));
        while (Lines(await Command.RunAsync("docker", ["inspect", "--format", "{{.State.Health.Status}}", .. containers])).Any(health => health != "healthy"))
        {
            Assert.False(patience.IsCancellationRequested, $"Not healthy in time.\n{await LogsAsync()}");
            await ticks.WaitForNextTickAsync(Ct);
        }
    }

    /// <summary>Returns when the query's number has come so far; asked twice a second, for nobody tells of rows.</summary>
    public async Task WaitUntilAsync(string sql, long atLeast)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(500));
        long last, before = long.MinValue;
        while ((last = await AskAsync(sql)) < atLeast)
        {
            // As long as it moves, it is waited for.
            if (last != before)
                patience.CancelAfter(Patience);
            before = last;
            Assert.False(patience.IsCancellationRequested, $"{sql} is {Text(last)} and not {Text(atLeast)}.\n{await LogsAsync()}");
            await ticks.WaitForNextTickAsync(Ct);
        }
    }

    public Task WaitUntilSucceededAsync(int jobs) => WaitUntilAsync("SELECT count(*) FROM darkroom.jobs WHERE status = 'succeeded'", jobs);

    public async Task<long> AskAsync(string sql)
    {
        await using var command = database.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync(Ct))!;
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Ct);
    }

    /// <summary>Every job one result; every call that the endpoint has seen one attempt.</summary>
    public async Task AssertLedgerAsync(int jobs)
    {
        await WaitUntilAsync("SELECT -count(*) FROM darkroom.attempts WHERE status IN ('dispatched', 'received')", 0);
        Assert.Equal(jobs, await AskAsync("SELECT count(*) FROM darkroom.jobs"));
        Assert.Equal(jobs, await AskAsync("SELECT count(*) FROM darkroom.jobs WHERE status = 'succeeded'"));
        Assert.Equal(jobs, await AskAsync("SELECT count(*) FROM darkroom.attempts WHERE status = 'succeeded'"));
        Assert.Equal(jobs, await AskAsync("SELECT count(*) FROM darkroom.images"));
        using var endpoint = new HttpClient();
        using var calls = JsonDocument.Parse(await endpoint.GetStringAsync(new Uri($"http://127.0.0.1:{Text(endpointPort)}/admin/calls"), Ct));
        var ids = calls.RootElement.EnumerateArray().Select(call => call.GetProperty("client_request_id").GetString()!).ToList();
        Assert.Equal(ids.Count, ids.Distinct().Count());
        Assert.Equal(ids.Count, await AskAsync($"SELECT count(*) FROM darkroom.attempts WHERE id::text IN ('{string.Join("','", ids)}')"));
    }

    /// <summary>What every container said, for the message of a test that fails.</summary>
    public async Task<string> LogsAsync() => (await Compose.TryAsync(new Dictionary<string, string>(), "logs", "--no-color", "--tail", "60")).Output;

    static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>Below the range that systems give outgoing connections, so that it stays free while its container is away.</summary>
    static int FreePort()
    {
        while (true)
        {
            var port = Interlocked.Increment(ref lastPort);
            using var probe = new TcpListener(IPAddress.Loopback, port);
            try
            {
                probe.Start();
                return port;
            }
            catch (SocketException)
            {
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        Api.Dispose();
        await database.DisposeAsync();
        // Not by SIGTERM: calls that a test has cut off would be waited for.
        await Compose.TryAsync(new Dictionary<string, string>(), "kill");
        await Compose.TryAsync(new Dictionary<string, string>(), "down", "--volumes", "--remove-orphans");
    }
}
