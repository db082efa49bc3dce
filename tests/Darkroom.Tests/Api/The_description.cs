using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit;

namespace Darkroom.Tests.Api;

public sealed class The_description(ApiHost host) : IClassFixture<ApiHost>
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_call_is_described_with_its_parameters_answers_and_key()
    {
        var document = await host.Admin.GetJsonAsync("/openapi/v1.json");

        string[] calls =
        [
            "GET /v1/endpoints", "POST /v1/endpoints/{name}/pause", "POST /v1/endpoints/{name}/resume", "GET /v1/usage",
            "POST /v1/images/generations", "GET /v1/models", "GET /v1/models/{id}",
            "POST /v1/jobs", "GET /v1/jobs", "GET /v1/jobs/{id}", "GET /v1/jobs/{id}/attempts", "GET /v1/jobs/{id}/events",
            "GET /v1/jobs/{id}/images/{index}", "HEAD /v1/jobs/{id}/images/{index}", "POST /v1/jobs/{id}/cancel", "POST /v1/jobs/{id}/retry",
            "POST /v1/files", "GET /v1/files", "GET /v1/files/{id}", "GET /v1/files/{id}/content", "HEAD /v1/files/{id}/content", "DELETE /v1/files/{id}",
            "POST /v1/batches", "GET /v1/batches", "GET /v1/batches/{id}", "POST /v1/batches/{id}/cancel", "POST /v1/batches/{id}/pause", "POST /v1/batches/{id}/resume",
            "POST /v1/batches/{id}/retry-failed", "GET /v1/batches/{id}/results", "GET /v1/batches/{id}/events", "GET /v1/batches/{id}/archive", "HEAD /v1/batches/{id}/archive",
            "POST /v1/webhook_endpoints", "GET /v1/webhook_endpoints", "GET /v1/webhook_endpoints/{id}", "DELETE /v1/webhook_endpoints/{id}",
            "POST /v1/webhook_endpoints/{id}/disable", "POST /v1/webhook_endpoints/{id}/enable", "POST /v1/webhook_endpoints/{id}/rotate", "POST /v1/webhook_endpoints/{id}/test",
            "GET /v1/webhook_deliveries", "GET /v1/webhook_deliveries/{id}", "GET /v1/webhook_deliveries/{id}/attempts",
            "POST /v1/webhook_deliveries/recover", "POST /v1/webhook_deliveries/{id}/resend", "GET /v1/webhooks/default/secret",
            "POST /v1/projects", "GET /v1/projects", "GET /v1/projects/{id}",
            "POST /v1/api_keys", "GET /v1/api_keys", "GET /v1/api_keys/{id}", "POST /v1/api_keys/{id}/revoke", "GET /v1/audit_log",
        ];
        Assert.Equal(
            calls.Order(StringComparer.Ordinal),
            Operations(document).Select(o => $"{o.Method} {o.Path}").Order(StringComparer.Ordinal));
        foreach (var (method, path, operation) in Operations(document))
        {
            Assert.False(string.IsNullOrWhiteSpace(operation.GetProperty("summary").GetString()), $"{method} {path}");
            Assert.True(operation.GetProperty("security").GetArrayLength() > 0, $"{method} {path}");
            foreach (var status in new[] { "401", "403", "503" })
                Assert.EndsWith("/ErrorBody", SchemaOf(operation.GetProperty("responses").GetProperty(status)), StringComparison.Ordinal);
        }
        var submit = document.GetProperty("paths").GetProperty("/v1/jobs").GetProperty("post");
        Assert.EndsWith("/SubmitJob", SchemaOf(submit.GetProperty("requestBody")), StringComparison.Ordinal);
        var example = submit.GetProperty("requestBody").GetProperty("content").GetProperty("application/json").GetProperty("example").GetRawText();
        using var accepted = await host.Admin.PostJsonAsync("/v1/jobs", example);
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        Assert.EndsWith("/Job", SchemaOf(submit.GetProperty("responses").GetProperty("202")), StringComparison.Ordinal);
        Assert.Contains("Idempotency-Key", Parameters(submit));
        var list = document.GetProperty("paths").GetProperty("/v1/jobs").GetProperty("get");
        Assert.Equal(["limit", "after", "status", "batch_id", "custom_id", "created_after", "created_before"], Parameters(list));
    }

    [Fact]
    public async Task Schemas_have_the_names_of_the_wire_and_say_what_fields_mean()
    {
        var document = await host.Admin.GetJsonAsync("/openapi/v1.json");

        var submit = document.GetProperty("components").GetProperty("schemas").GetProperty("SubmitJob");
        Assert.Equal(["model", "prompt"], submit.GetProperty("required").EnumerateArray().Select(r => r.GetString()));
        Assert.Contains("default 2", submit.GetProperty("properties").GetProperty("max_unknown_attempts").GetProperty("description").GetString());
    }

    [Fact]
    public async Task The_page_for_people_is_whole_and_names_no_other_host()
    {
        using var browser = host.ClientWith(null);
        browser.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"me:{ApiHost.AdminKey}")));

        using var redirect = await browser.GetAsync(new Uri("/docs", UriKind.Relative), Cancel);
        var page = await browser.GetStringAsync(redirect.Headers.Location ?? new Uri("/docs", UriKind.Relative), Cancel);

        Assert.Contains("\"url\":\"openapi/v1.json\"", page, StringComparison.Ordinal);
        Assert.DoesNotMatch(new Regex("(src|href)=\"(https?:)?//"), page);
        foreach (Match script in Regex.Matches(page, "src=\"(?<path>[^\"]+)\""))
        {
            using var answer = await browser.GetAsync(new Uri(new Uri(host.Address, "/docs/"), script.Groups["path"].Value), Cancel);
            Assert.True(answer.IsSuccessStatusCode, script.Value);
        }
    }

    static IEnumerable<(string Method, string Path, JsonElement Operation)> Operations(JsonElement document) =>
        from path in document.GetProperty("paths").EnumerateObject()
        from operation in path.Value.EnumerateObject()
        select (operation.Name.ToUpperInvariant(), path.Name, operation.Value);

    static IEnumerable<string?> Parameters(JsonElement operation) => operation.GetProperty("parameters").EnumerateArray().Select(p => p.GetProperty("name").GetString());

    static string SchemaOf(JsonElement content) =>
        content.GetProperty("content").GetProperty("application/json").GetProperty("schema").GetProperty("$ref").GetString()!;
}
