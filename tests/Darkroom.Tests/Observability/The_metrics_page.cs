using System.Net;
using System.Net.Http.Headers;
using Darkroom.Simulator;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Access;
using Darkroom.Worker.Database;
using Darkroom.Worker.Execution;
using Microsoft.Extensions.Options;
using Darkroom.Worker;
using Xunit;

namespace Darkroom.Tests.Observability;

public sealed class The_metrics_page : IAsyncLifetime
{
    const string MetricsKey = "scrape-key-of-a-test-0123456789";

    TestDatabase database = null!;
    SimulatorHost simulator = null!;
    TestWorker worker = null!;

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        simulator = await SimulatorHost.StartAsync();
        worker = await TestWorker.StartAsync(database, simulator, $"Darkroom:Telemetry:MetricsKey={MetricsKey}");
    }

    public async ValueTask DisposeAsync()
    {
        await worker.DisposeAsync();
        await simulator.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task It_opens_to_its_own_key_and_to_an_administrator_and_to_nobody_else()
    {
        using var admin = worker.Client();
        var (reader, _) = await worker.Get<KeyAdministration>().AddKeyAsync(await ProjectAsync(), "reader", ["read", "submit"], Ct);

        Assert.Equal(HttpStatusCode.OK, (await GetAsync("/metrics", MetricsKey)).Status);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync("/metrics", TestWorker.AdminKey)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync("/metrics", null)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync("/metrics", MetricsKey + "0")).Status);
        var forbidden = await GetAsync("/metrics", reader);
        Assert.Equal(HttpStatusCode.Forbidden, forbidden.Status);
        Assert.Contains("'admin'", forbidden.Body, StringComparison.Ordinal);
        foreach (var path in new[] { "/v1/jobs", "/v1/endpoints", "/hangfire", "/openapi/v1.json" })
            Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync(path, MetricsKey)).Status);
    }

    [Fact]
    public async Task A_process_that_makes_no_calls_takes_a_node_for_silent_when_the_others_do()
    {
        // No worker could start with these slots: the rules are not for who has none.
        await using var api = await TestWorker.StartAsync(
            database, simulator, "Darkroom:Roles=api", "Darkroom:Worker:RescueAfter=00:01:00", "Darkroom:Worker:Slots=0");

        Assert.Equal(TimeSpan.FromMinutes(1), api.Get<IOptions<WorkerOptions>>().Value.RescueAfter);
    }

    [Fact]
    public async Task Rare_events_begin_at_zero_and_the_runtime_shows_itself()
    {
        var page = (await GetAsync("/metrics", MetricsKey)).Body;

        foreach (var series in new[]
        {
            """darkroom_attempts_total{otel_scope_name="Darkroom",endpoint="default",outcome="unknown",reason="node_lost"} 0""",
            """darkroom_attempts_total{otel_scope_name="Darkroom",endpoint="default",outcome="unknown",reason="spool_lost"} 0""",
            """darkroom_attempts_total{otel_scope_name="Darkroom",endpoint="default",outcome="unknown",reason="spool_damaged"} 0""",
            "darkroom_jobs_ended_total", "darkroom_webhook_attempts_total", "darkroom_node_accepting", "darkroom_database_reachable", "darkroom_endpoint_state",
            "dotnet_process_memory_working_set_bytes", "kestrel_active_connections", "db_client_connection_count",
        })
            Assert.Contains(series, page, StringComparison.Ordinal);
        Assert.DoesNotContain("Password", page, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>When figures are needed most.</summary>
    [Fact]
    public async Task It_answers_while_the_database_is_away_and_says_so()
    {
        await using var limit = database.DataSource.CreateCommand(
            "UPDATE pg_database SET datallowconn = false WHERE datname = current_database()");
        await limit.ExecuteNonQueryAsync(Ct);
        await using var cut = database.DataSource.CreateCommand(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
        await cut.ExecuteNonQueryAsync(Ct);

        var (status, page) = await GetAsync("/metrics", MetricsKey);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("darkroom_node_accepting{", page, StringComparison.Ordinal);
        // The page of this process shows other tests' workers too; what this one says is told apart.
        using var figures = new SeenFigures(worker);
        figures.Observe();
        Assert.Equal([0.0], figures.Values("darkroom.database.reachable"));
        Assert.Empty(figures.Values("darkroom.jobs.held"));
    }

    [Theory]
    [InlineData("short")]
    [InlineData("with spaces it is no token")]
    public async Task A_key_that_cannot_be_sent_is_refused_at_the_start_and_not_repeated(string key)
    {
        var refusal = await Assert.ThrowsAsync<StartException>(() => WorkerApp.StartAsync([$"--Darkroom:Telemetry:MetricsKey={key}"]));

        Assert.Contains("Darkroom:Telemetry:MetricsKey must", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(key, refusal.Message, StringComparison.Ordinal);
    }

    async Task<Guid> ProjectAsync() => (await worker.Get<KeyAdministration>().ReadAsync(Ct)).Projects[0].Id;

    async Task<(HttpStatusCode Status, string Body)> GetAsync(string path, string? key)
    {
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = worker.Address };
        client.DefaultRequestHeaders.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
        using var answer = await client.GetAsync(new Uri(path, UriKind.Relative), Ct);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Ct));
    }
}
