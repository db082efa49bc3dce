using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Darkroom.Tests.Api;

public sealed class Every_route(ApiHost host) : IClassFixture<ApiHost>
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_asks_for_a_key_unless_it_is_a_health_check()
    {
        using var stranger = host.ClientWith(null);
        using var guesser = host.ClientWith("dk_not-a-key-anyone-has-0123456789abcdefghijkl");
        var asked = 0;
        foreach (var (method, path) in Routes())
        {
            if (path.StartsWith("/health/", StringComparison.Ordinal))
                continue;
            asked++;
            await RefusedAsync(stranger, method, path);
            await RefusedAsync(guesser, method, path);
        }
        Assert.True(asked >= 9, $"only {asked} routes were found");

        static async Task RefusedAsync(HttpClient client, HttpMethod method, string path)
        {
            using var request = new HttpRequestMessage(method, path);
            using var answer = await client.SendAsync(request, Cancel);
            Assert.True(answer.StatusCode == HttpStatusCode.Unauthorized, $"{method} {path}: {(int)answer.StatusCode}");
            Assert.NotEmpty(answer.Headers.WwwAuthenticate);
            if (method == HttpMethod.Head)
                return;
            var error = (await answer.JsonAsync()).GetProperty("error");
            Assert.Equal(("authentication_error", "invalid_api_key"), (error.GetProperty("type").GetString(), error.GetProperty("code").GetString()));
        }
    }

    [Fact]
    public async Task It_asks_for_the_scope_of_what_it_does()
    {
        var (submits, _, project) = await host.AddKeyAsync(null, "submit");
        var (reads, _, _) = await host.AddKeyAsync(project, "read");
        using var submitter = host.ClientWith(submits);
        using var reader = host.ClientWith(reads);
        foreach (var (method, path) in Routes())
        {
            var page = path is "/openapi/v1.json" || path.StartsWith("/docs", StringComparison.Ordinal) || path.StartsWith("/hangfire", StringComparison.Ordinal);
            // Who knows the secret of a project can speak in its name.
            var changes = method == HttpMethod.Post || method == HttpMethod.Delete || path.EndsWith("/secret", StringComparison.Ordinal);
            var everybodys = changes && path.StartsWith("/v1/endpoints/", StringComparison.Ordinal);
            var administration = new[] { "/v1/projects", "/v1/api_keys", "/v1/audit_log" }.Any(p => path.StartsWith(p, StringComparison.Ordinal));
            await ScopeAsync(submitter, method, path, refused: page || !changes || everybodys || administration, "submit");
            await ScopeAsync(reader, method, path, refused: page || changes || administration, "read");
        }

        static async Task ScopeAsync(HttpClient client, HttpMethod method, string path, bool refused, string scope)
        {
            using var request = new HttpRequestMessage(method, path);
            using var answer = await client.SendAsync(request, Cancel);
            Assert.True((answer.StatusCode == HttpStatusCode.Forbidden) == refused, $"{method} {path} with {scope}: {(int)answer.StatusCode}");
        }
    }

    /// <summary>Health belongs to the whole worker; here no route may be open.</summary>
    [Fact]
    public void None_is_open_by_itself() => Assert.DoesNotContain(
        host.Services.GetRequiredService<EndpointDataSource>().Endpoints, e => e.Metadata.GetMetadata<IAllowAnonymous>() is not null);

    [Theory]
    [InlineData("GET", "/v1/nothing", HttpStatusCode.NotFound, "not_found")]
    [InlineData("GET", "/", HttpStatusCode.NotFound, "not_found")]
    [InlineData("DELETE", "/v1/jobs", HttpStatusCode.MethodNotAllowed, "method_not_allowed")]
    [InlineData("GET", "/v1/jobs/job_123", HttpStatusCode.NotFound, "not_found")]
    [InlineData("GET", "/v1/jobs/job_00000000000070008000000000000000", HttpStatusCode.NotFound, "not_found")]
    [InlineData("GET", "/v1/jobs/JOB_00000000000070008000000000000000", HttpStatusCode.NotFound, "not_found")]
    [InlineData("GET", "/v1/jobs/job_0000000000007000800000000000000A", HttpStatusCode.NotFound, "not_found")]
    [InlineData("GET", "/v1/jobs/batch_00000000000070008000000000000000", HttpStatusCode.NotFound, "not_found")]
    [InlineData("GET", "/v1/jobs/x/attempts", HttpStatusCode.NotFound, "not_found")]
    [InlineData("GET", "/v1/jobs/x/images/0", HttpStatusCode.NotFound, "not_found")]
    [InlineData("GET", "/v1/jobs/x/images/first", HttpStatusCode.NotFound, "not_found")]
    [InlineData("GET", "/v1/files/file-1", HttpStatusCode.NotFound, "not_found")]
    [InlineData("GET", "/v1/files/file-00000000000070008000000000000000/content", HttpStatusCode.NotFound, "not_found")]
    [InlineData("GET", "/v1/batches/x", HttpStatusCode.NotFound, "not_found")]
    [InlineData("DELETE", "/v1/files/x", HttpStatusCode.NotFound, "not_found")]
    [InlineData("POST", "/v1/jobs/x/cancel", HttpStatusCode.NotFound, "not_found")]
    [InlineData("POST", "/v1/jobs/x/retry", HttpStatusCode.NotFound, "not_found")]
    public async Task What_is_not_there_is_said_in_the_one_error_shape(string method, string path, HttpStatusCode status, string code)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var answer = await host.Admin.SendAsync(request, Cancel);

        Assert.Equal(status, answer.StatusCode);
        var error = (await answer.JsonAsync()).GetProperty("error");
        Assert.Equal(["type", "code", "message", "param"], error.EnumerateObject().Select(p => p.Name));
        Assert.Equal(code, error.GetProperty("code").GetString());
        Assert.Equal(JsonValueKind.Null, error.GetProperty("param").ValueKind);
    }

    IEnumerable<(HttpMethod Method, string Path)> Routes() =>
        from route in host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        let pattern = route.RoutePattern.RawText!
        let path = "/" + string.Join('/', pattern.Trim('/').Split('/').Select(s => s.Contains("index") ? "0" : s.StartsWith('{') ? "x" : s))
        from method in route.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"]
        select (new HttpMethod(method), path);
}
