using System.Net.Http.Headers;
using System.Text;
using Darkroom.Simulator;
using Darkroom.Tests.Infrastructure;
using Xunit;

namespace Darkroom.Tests.Access;

/// <summary>Looks for the endpoint's key and an API key wherever they could have gone.</summary>
public sealed class Secrets
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task They_are_in_no_log_no_row_no_answer_and_no_description()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var endpoint = await SimulatorHost.StartAsync(o => (o.LatencyScale, o.MinPictureBytes, o.MaxPictureBytes) = (0, 0, 0));
        await using var worker = await TestWorker.StartAsync(
            database, endpoint, "Logging:LogLevel:Default=Trace", "Logging:LogLevel:Microsoft.AspNetCore=Trace", "Logging:LogLevel:Microsoft.EntityFrameworkCore=Trace");
        using var client = worker.Client();
        var told = new StringBuilder();

        foreach (var path in new[] { "/v1/jobs", "/v1/usage", "/openapi/v1.json", "/docs/", "/health/ready", "/hangfire", "/v1/endpoints", "/v1/nothing", "/v1/jobs?limit=x" })
            told.AppendLine(await TellAsync(client, new HttpRequestMessage(HttpMethod.Get, path)));
        using var browser = new HttpClient { BaseAddress = worker.Address };
        browser.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"me:{TestWorker.AdminKey}")));
        told.AppendLine(await TellAsync(browser, new HttpRequestMessage(HttpMethod.Get, "/openapi/v1.json")));
        told.AppendLine(await TellAsync(client, new HttpRequestMessage(HttpMethod.Post, "/v1/jobs") { Content = new StringContent("{", Encoding.UTF8, "application/json") }));
        foreach (var prompt in new[] { "a cat", "a cat [[fault:invalid_api_key]]" })
        {
            var body = new StringContent($$"""{"model":"gpt-image-1.5","prompt":"{{prompt}}"}""", Encoding.UTF8, "application/json");
            told.AppendLine(await TellAsync(client, new HttpRequestMessage(HttpMethod.Post, "/v1/jobs") { Content = body }));
        }
        await endpoint.Account.WaitForCallsAsync(calls => calls.Count >= 1, Cancel).WaitAsync(TimeSpan.FromSeconds(60), Cancel);

        var places = new[] { ("the answers", told.ToString()), ("the log", string.Join('\n', worker.Log.All)), ("the database", await DumpAsync(database)) };
        foreach (var secret in new[] { TestWorker.AdminKey, TestWorker.EndpointKey, Convert.ToBase64String(Encoding.UTF8.GetBytes($"me:{TestWorker.AdminKey}")) })
            Assert.All(places, place => Assert.False(place.Item2.Contains(secret, StringComparison.OrdinalIgnoreCase), $"a key is in {place.Item1}"));
        // The search itself works: what is no secret is found in each place.
        Assert.All(places, place => Assert.Contains("default", place.Item2, StringComparison.Ordinal));
    }

    static async Task<string> TellAsync(HttpClient client, HttpRequestMessage request)
    {
        using (request)
        {
            using var answer = await client.SendAsync(request, Cancel);
            return $"{answer.StatusCode} {answer.Headers} {await answer.Content.ReadAsStringAsync(Cancel)}";
        }
    }

    /// <summary>Every row of every table, ours and Hangfire's, as text.</summary>
    static async Task<string> DumpAsync(TestDatabase database)
    {
        var tables = new List<string>();
        await using (var list = database.DataSource.CreateCommand(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"))
        await using (var reader = await list.ExecuteReaderAsync(Cancel))
        {
            while (await reader.ReadAsync(Cancel))
                tables.Add(reader.GetString(0));
        }
        var dump = new StringBuilder();
        foreach (var table in tables)
        {
            await using var rows = database.DataSource.CreateCommand($"SELECT coalesce(string_agg(t::text, chr(10)), '') FROM {table} AS t");
            dump.AppendLine((string?)await rows.ExecuteScalarAsync(Cancel));
        }
        return dump.ToString();
    }
}
