using System.Net;
using Darkroom.Client;
using Darkroom.Tests.Api;
using Darkroom.Tests.Files;
using Darkroom.Worker.Access;
using Microsoft.Extensions.Options;
using Xunit;

namespace Darkroom.Tests.Access;

public sealed class Limits_of_a_key(ApiHost host) : IClassFixture<ApiHost>
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Requests_beyond_the_minutes_are_refused_with_the_time_to_wait_and_another_keys_are_not()
    {
        var (limited, other) = (await KeyAsync(new() { Name = "limited", RequestsPerMinute = 2 }), await KeyAsync(new() { Name = "other", RequestsPerMinute = 2 }));
        using var client = host.ClientWith(limited);
        using var bystander = host.ClientWith(other);

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.OK], [await GetAsync(client), await GetAsync(client)]);
        using var refused = await client.GetAsync(new Uri("/v1/jobs", UriKind.Relative), Cancel);

        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30));
        var error = (await refused.JsonAsync()).GetProperty("error");
        Assert.Equal(("rate_limit_error", "rate_limit_exceeded"), (error.GetProperty("type").GetString(), error.GetProperty("code").GetString()));
        Assert.Equal(HttpStatusCode.OK, await GetAsync(bystander));
    }

    [Fact]
    public async Task A_refused_submission_stores_nothing()
    {
        using var client = host.ClientWith(await KeyAsync(new() { Name = "one a minute", RequestsPerMinute = 1 }));

        using var first = await client.PostJsonAsync("/v1/jobs", """{"model":"gpt-image-1.5","prompt":"one"}""");
        using var second = await client.PostJsonAsync("/v1/jobs", """{"model":"gpt-image-1.5","prompt":"two"}""");

        Assert.Equal((HttpStatusCode.Accepted, HttpStatusCode.TooManyRequests), (first.StatusCode, second.StatusCode));
        var jobs = await host.Admin.GetJsonAsync("/v1/jobs?limit=100");
        Assert.DoesNotContain(jobs.GetProperty("data").EnumerateArray(), job => job.GetProperty("prompt").GetString() == "two");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_beyond_the_keys_limit_is_a_413_whether_it_says_its_length_or_not(bool chunked)
    {
        using var client = host.ClientWith(await KeyAsync(new() { Name = $"small {chunked}", MaxBodyBytes = 2000 }));

        Assert.Equal(HttpStatusCode.Accepted, await PostAsync(1000));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, await PostAsync(3000));
        Assert.Equal(HttpStatusCode.Accepted, await PostAsync(1000));

        async Task<HttpStatusCode> PostAsync(int characters)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/jobs");
            request.Content = new StringContent($$"""{"model":"gpt-image-1.5","prompt":"{{new string('a', characters)}}"}""", System.Text.Encoding.UTF8, "application/json");
            request.Headers.TransferEncodingChunked = chunked;
            using var answer = await client.SendAsync(request, Cancel);
            if (answer.StatusCode == HttpStatusCode.RequestEntityTooLarge)
                Assert.Equal("request_too_large", (await answer.JsonAsync()).GetProperty("error").GetProperty("code").GetString());
            return answer.StatusCode;
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_file_is_held_to_the_keys_limit_too(bool chunked)
    {
        using var client = host.ClientWith(await KeyAsync(new() { Name = $"small files {chunked}", MaxBodyBytes = 20_000 }));
        client.DefaultRequestHeaders.TransferEncodingChunked = chunked;

        using var small = await client.UploadAsync(TestUpload.Form(new byte[10_000]));
        using var large = await client.UploadAsync(TestUpload.Form(new byte[30_000]));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.RequestEntityTooLarge), (small.StatusCode, large.StatusCode));
    }

    [Fact]
    public async Task Keys_without_limits_of_their_own_have_the_default_ones()
    {
        await using var strict = await ApiHost.StartAsync(("Darkroom:Auth:RequestsPerMinute", "1"), ("Darkroom:Auth:MaxBodyBytes", "1024"));
        var (plain, _, _) = await strict.AddKeyAsync();
        using var client = strict.ClientWith(plain);

        using var large = await client.PostJsonAsync("/v1/jobs", $$"""{"model":"gpt-image-1.5","prompt":"{{new string('a', 2000)}}"}""");
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, HttpStatusCode.TooManyRequests), (large.StatusCode, await GetAsync(client)));
        using var asked = new DarkroomClient(strict.Address, ApiHost.AdminKey);
        using var own = strict.ClientWith((await asked.CreateApiKeyAsync(new() { Name = "own", RequestsPerMinute = 3 }, Cancel)).Key);
        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.TooManyRequests], [await GetAsync(own), await GetAsync(own), await GetAsync(own), await GetAsync(own)]);
    }

    [Theory]
    [InlineData(0, null, "Darkroom:Auth:RequestsPerMinute must be null or 1 to 1000000, not 0.")]
    [InlineData(1_000_001, null, "Darkroom:Auth:RequestsPerMinute must be null or 1 to 1000000, not 1000001.")]
    [InlineData(null, 1023L, "Darkroom:Auth:MaxBodyBytes must be null or 1024 or more, not 1023.")]
    [InlineData(1, 1024L, null)]
    [InlineData(null, null, null)]
    public void A_wrong_default_stops_the_start_and_says_what_would_be_right(int? rate, long? bytes, string? mistake)
    {
        var result = new AuthOptionsRules().Validate(null, new AuthOptions { RequestsPerMinute = rate, MaxBodyBytes = bytes });

        Assert.Equal(mistake, result.FailureMessage);
    }

    async Task<string> KeyAsync(CreateApiKey key)
    {
        using var admin = new DarkroomClient(host.Address, ApiHost.AdminKey);
        return (await admin.CreateApiKeyAsync(key, Cancel)).Key!;
    }

    static async Task<HttpStatusCode> GetAsync(HttpClient client)
    {
        using var answer = await client.GetAsync(new Uri("/v1/jobs", UriKind.Relative), Cancel);
        return answer.StatusCode;
    }
}
