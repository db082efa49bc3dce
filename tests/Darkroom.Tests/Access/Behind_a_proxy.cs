using System.Text;
using Darkroom.Tests.Api;
using Xunit;

namespace Darkroom.Tests.Access;

public sealed class Behind_a_proxy
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.0/8")]
    public async Task What_a_configured_proxy_says_counts(string trusted)
    {
        await using var host = await ApiHost.StartAsync(("Darkroom:Http:TrustedProxies:0", trusted), ("Darkroom:Http:TrustedProxies:1", "10.1.0.0/16"));

        Assert.Equal(("https://images.example.com", "203.0.113.9"), await SeenAsync(host, "198.51.100.1, 203.0.113.9, 10.1.2.3"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("10.0.0.0/8")]
    public async Task What_anybody_else_says_does_not(string? trusted)
    {
        await using var host = trusted is null ? await ApiHost.StartAsync() : await ApiHost.StartAsync(("Darkroom:Http:TrustedProxies:0", trusted));

        Assert.Equal((host.Address.GetLeftPart(UriPartial.Authority), "127.0.0.1"), await SeenAsync(host, "203.0.113.9"));
    }

    /// <returns>The origin of a link, and the address in the audit log.</returns>
    static async Task<(string Origin, string Address)> SeenAsync(ApiHost host, string forwardedFor)
    {
        host.Admin.DefaultRequestHeaders.Add("X-Forwarded-For", forwardedFor);
        host.Admin.DefaultRequestHeaders.Add("X-Forwarded-Proto", "https");
        host.Admin.DefaultRequestHeaders.Add("X-Forwarded-Host", "images.example.com");
        using var job = await host.Admin.PostJsonAsync("/v1/jobs", """{"model":"gpt-image-1.5","prompt":"a door"}""");
        using var project = await host.Admin.PostJsonAsync("/v1/projects", """{"name":"x"}""");
        var log = await host.Admin.GetJsonAsync("/v1/audit_log?action=project.created");
        return (job.Headers.Location!.GetLeftPart(UriPartial.Authority), log.GetProperty("data")[0].GetProperty("address").GetString()!);
    }

    [Fact]
    public async Task Headers_beyond_their_limit_are_refused()
    {
        await using var host = await ApiHost.StartAsync(("Darkroom:Http:MaxHeaderBytes", "4096"));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/jobs");
        request.Headers.Add("X-Long", new StringBuilder().Insert(0, "a", 5000).ToString());
        using var answer = await host.Admin.SendAsync(request, Cancel);

        Assert.Equal(System.Net.HttpStatusCode.RequestHeaderFieldsTooLarge, answer.StatusCode);
    }
}
