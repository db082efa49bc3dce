using System.Net;
using System.Text;
using Darkroom.Tests.Api;
using Xunit;

namespace Darkroom.Tests.Submission;

/// <summary>OpenAI's SDKs send no key; they count their repeats in <c>X-Stainless-Retry-Count</c>.</summary>
public sealed class Repeats_of_an_sdk : IAsyncLifetime
{
    const string Cat = """{"model":"gpt-image-1.5","prompt":"a cat"}""";

    ApiHost host = null!;

    public async ValueTask InitializeAsync() => host = await ApiHost.StartAsync();

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task A_repeat_is_never_a_second_job()
    {
        var first = await SubmitAsync(Cat, retries: 0);

        var repeats = await Task.WhenAll(Enumerable.Range(1, 5).Select(i => SubmitAsync("""{ "prompt":"a cat", "model":"gpt-image-1.5" }""", i)));

        Assert.All(repeats, id => Assert.Equal(first, id));
    }

    [Fact]
    public async Task Equal_first_calls_are_jobs_of_their_own_and_a_repeat_is_of_the_newest()
    {
        var first = await SubmitAsync(Cat, retries: 0);
        var second = await SubmitAsync(Cat, retries: 0);

        Assert.NotEqual(first, second);
        Assert.Equal(second, await SubmitAsync(Cat, retries: 1));
    }

    [Fact]
    public async Task A_repeat_whose_first_call_never_arrived_is_one_job_however_often_it_comes()
    {
        var ids = await Task.WhenAll(Enumerable.Range(1, 20).Select(i => SubmitAsync(Cat, retries: i)));

        Assert.Single(ids.Distinct());
    }

    [Fact]
    public async Task It_is_a_repeat_of_the_same_project_and_body_of_the_last_hour_alone()
    {
        var (key, _, _) = await host.AddKeyAsync();
        using var other = host.ClientWith(key);
        var first = await SubmitAsync(Cat, retries: 0);

        Assert.NotEqual(first, await SubmitAsync(Cat, retries: 1, other));
        Assert.NotEqual(first, await SubmitAsync("""{"model":"gpt-image-1.5","prompt":"a cat","n":2}""", retries: 1));
        await host.Database.ShiftClockAsync(TimeSpan.FromMinutes(59));
        Assert.Equal(first, await SubmitAsync(Cat, retries: 1));
        await host.Database.ShiftClockAsync(TimeSpan.FromMinutes(61));
        Assert.NotEqual(first, await SubmitAsync(Cat, retries: 1));
    }

    [Fact]
    public async Task A_key_of_the_callers_own_counts_more()
    {
        var first = await SubmitAsync(Cat, retries: 0, key: "mine");

        Assert.NotEqual(first, await SubmitAsync(Cat, retries: 1));
        Assert.Equal(first, await SubmitAsync(Cat, retries: 1, key: "mine"));
    }

    async Task<string?> SubmitAsync(string body, int retries, HttpClient? client = null, string? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/jobs") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Add("X-Stainless-Retry-Count", $"{retries}");
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        using var answer = await (client ?? host.Admin).SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        return (await answer.JsonAsync()).GetProperty("id").GetString();
    }
}
