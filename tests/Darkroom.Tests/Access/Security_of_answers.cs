using System.Net;
using System.Text;
using Darkroom.Simulator;
using Darkroom.Tests.Infrastructure;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Darkroom.Tests.Access;

/// <summary>What browsers and strangers are told beside the answer itself.</summary>
public sealed class Security_of_answers
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact(Timeout = 60_000)]
    public async Task Every_answer_has_the_headers_and_names_no_server()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var endpoint = await SimulatorHost.StartAsync();
        await using var worker = await TestWorker.StartAsync(database, endpoint);
        using var stranger = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = worker.Address };
        using var admin = worker.Client();
        var paths = worker.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Select(r => r.RoutePattern.RawText!.Replace("{*path}", "").Replace("**", "")).Append("/nothing").Distinct().ToList();

        foreach (var path in paths)
            await JudgeAsync(stranger, new(HttpMethod.Get, path));
        foreach (var path in new[] { "/v1/jobs", "/v1/nothing", "/v1/jobs?limit=x", "/openapi/v1.json", "/v1/usage" })
            await JudgeAsync(admin, new(HttpMethod.Get, path));
        await JudgeAsync(admin, new(HttpMethod.Delete, "/v1/jobs"));
        await JudgeAsync(admin, new(HttpMethod.Post, "/v1/jobs") { Content = new StringContent("x") });
        await JudgeAsync(admin, new(HttpMethod.Post, "/v1/jobs") { Content = new StringContent(new string(' ', 600_000), Encoding.UTF8, "application/json") });
        Assert.True(paths.Count > 30);

        static async Task JudgeAsync(HttpClient client, HttpRequestMessage request)
        {
            using (request)
            {
                using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
                var where = $"{request.Method} {request.RequestUri}: {(int)answer.StatusCode}\n{answer.Headers}";
                Assert.True(Values(answer, "X-Content-Type-Options") is ["nosniff"], where);
                Assert.True(Values(answer, "X-Frame-Options") is ["DENY"], where);
                Assert.True(Values(answer, "Referrer-Policy") is ["no-referrer" or "same-origin"], where);
                Assert.True(Values(answer, "Content-Security-Policy") is [var policy] && policy.StartsWith("default-src 'none'") && policy.EndsWith("frame-ancestors 'none'"), where);
                Assert.True(Values(answer, "Server") is [] && Values(answer, "X-Powered-By") is [], where);
                Assert.True(Values(answer, "Strict-Transport-Security") is [], where);
            }
        }
    }

    [Fact]
    public async Task A_failure_of_ours_has_them_too()
    {
        await using var host = await Api.ApiHost.StartAsync();
        await host.Database.DataSource.CreateCommand("DROP SCHEMA darkroom CASCADE").ExecuteNonQueryAsync(Cancel);

        using var answer = await host.Admin.GetAsync(new Uri("/v1/jobs", UriKind.Relative), Cancel);

        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Equal(["nosniff"], Values(answer, "X-Content-Type-Options"));
    }

    [Fact]
    public async Task A_public_address_by_TLS_is_kept_to_TLS()
    {
        await using var host = await Api.ApiHost.StartAsync(("Darkroom:PublicUrl", "https://darkroom.example.com"), ("Darkroom:Http:Hsts", "1.00:00:00"));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/jobs") { Headers = { Host = "darkroom.example.com" } };
        using var answer = await host.Admin.SendAsync(request, Cancel);
        using var local = await host.Admin.GetAsync(new Uri("/v1/jobs", UriKind.Relative), Cancel);

        Assert.Equal(["max-age=86400"], Values(answer, "Strict-Transport-Security"));
        Assert.Empty(Values(local, "Strict-Transport-Security"));
    }

    static string[] Values(HttpResponseMessage answer, string name) => answer.Headers.TryGetValues(name, out var values) ? [.. values] : [];
}
