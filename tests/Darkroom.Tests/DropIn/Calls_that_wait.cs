using System.Net;
using System.Text;
using System.Text.Json;
using Darkroom.Tests.Api;
using Xunit;

namespace Darkroom.Tests.DropIn;

/// <summary>Nothing takes the jobs here, and the clock stands still.</summary>
public sealed class Calls_that_wait : IAsyncLifetime
{
    ApiHost host = null!;

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => host = await ApiHost.StartAsync();

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Theory]
    [InlineData("respond-async", "respond-async")]
    [InlineData("wait=0", "wait=0")]
    [InlineData("handling=lenient, Respond-Async; x=1, wait=\"0\"", "respond-async, wait=0")]
    public async Task Who_prefers_a_job_gets_it_at_once(string prefer, string applied)
    {
        using var answer = await SendAsync("a cat", ("Prefer", prefer));

        var job = await answer.JsonAsync();
        Assert.Equal((HttpStatusCode.Accepted, "queued", 2), (answer.StatusCode, job.GetProperty("status").GetString(), job.GetProperty("priority").GetInt32()));
        Assert.Equal(applied, Header(answer, "Preference-Applied"));
        Assert.Equal(job.GetProperty("id").GetString(), Header(answer, "x-darkroom-job-id"));
        Assert.EndsWith($"/v1/jobs/{Header(answer, "x-darkroom-job-id")}", answer.Headers.Location!.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, HttpStatusCode.FailedDependency, 9 * 60)]
    [InlineData("wait=20", HttpStatusCode.Accepted, 20)]
    [InlineData("wait=99999", HttpStatusCode.Accepted, 9 * 60)]
    [InlineData("wait=soon", HttpStatusCode.FailedDependency, 9 * 60)]
    public async Task A_wait_ends_when_its_time_is_over_and_the_job_goes_on(string? prefer, HttpStatusCode status, int seconds)
    {
        var began = host.Clock.GetUtcNow();
        var call = SendAsync("a cat", prefer is null ? [] : [("Prefer", prefer)]);
        while (!call.IsCompleted)
        {
            host.Clock.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(call, Task.Delay(1, Ct));
        }

        using var answer = await call;

        Assert.Equal(status, answer.StatusCode);
        Assert.True(host.Clock.GetUtcNow() - began >= TimeSpan.FromSeconds(seconds));
        var job = await host.Admin.GetJsonAsync($"/v1/jobs/{Header(answer, "x-darkroom-job-id")}");
        Assert.Equal("queued", job.GetProperty("status").GetString());
        if (status == HttpStatusCode.FailedDependency)
            Assert.Equal(("still_running", "false"), (await CodeAsync(answer), Header(answer, "x-should-retry")));
    }

    [Fact]
    public async Task A_paused_endpoint_is_said_at_once_and_keeps_the_job()
    {
        using var pause = await host.Admin.PostJsonAsync("/v1/endpoints/default/pause", """{"reason":"Out of money."}""");

        using var answer = await SendAsync("a cat");

        Assert.Equal((HttpStatusCode.FailedDependency, "endpoint_paused", "false"), (answer.StatusCode, await CodeAsync(answer), Header(answer, "x-should-retry")));
        await host.Admin.GetJsonAsync($"/v1/jobs/{Header(answer, "x-darkroom-job-id")}");
    }

    [Fact]
    public async Task A_cancel_ends_the_wait()
    {
        var call = SendAsync("a cat");
        var job = await SubmittedAsync(1);
        using var cancel = await host.Admin.PostAsync(new Uri($"/v1/jobs/job_{job:n}/cancel", UriKind.Relative), null, Ct);

        using var answer = await call;

        Assert.Equal((HttpStatusCode.FailedDependency, "job_canceled", $"job_{job:n}"), (answer.StatusCode, await CodeAsync(answer), Header(answer, "x-darkroom-job-id")));
    }

    [Fact]
    public async Task A_caller_who_goes_away_and_asks_again_waits_for_the_same_job()
    {
        using (var impatience = CancellationTokenSource.CreateLinkedTokenSource(Ct))
        {
            var call = SendAsync("a cat", impatience.Token);
            await SubmittedAsync(1);
            await impatience.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        }
        while (await CountAsync("SELECT count(*) FROM darkroom.idempotency_keys") == 0)
            await Task.Delay(10, Ct);

        using var again = await SendAsync("a cat", ("Prefer", "respond-async"));
        using var counted = await SendAsync("a cat", ("Prefer", "respond-async"), ("X-Stainless-Retry-Count", "0"));
        using var other = await SendAsync("a dog", ("Prefer", "respond-async"));

        Assert.Equal("true", Header(again, "Idempotency-Replayed"));
        Assert.Equal(3, new[] { again, counted, other }.Select(a => Header(a, "x-darkroom-job-id")).Distinct().Count());
        Assert.Equal(3L, await CountAsync("SELECT count(*) FROM darkroom.jobs"));
    }

    [Fact]
    public async Task Equal_calls_that_were_answered_are_jobs_of_their_own()
    {
        using var first = await SendAsync("a cat", ("Prefer", "respond-async"));
        using var second = await SendAsync("a cat", ("Prefer", "respond-async"));

        Assert.NotEqual(Header(first, "x-darkroom-job-id"), Header(second, "x-darkroom-job-id"));
    }

    [Fact]
    public async Task The_same_key_is_the_same_job_and_another_body_under_it_is_refused_for_good()
    {
        using var first = await SendAsync("a cat", ("Prefer", "respond-async"), ("Idempotency-Key", "k"));
        using var again = await SendAsync("a cat", ("Prefer", "respond-async"), ("Idempotency-Key", "k"));
        using var other = await SendAsync("a dog", ("Prefer", "respond-async"), ("Idempotency-Key", "k"));

        Assert.Equal(Header(first, "x-darkroom-job-id"), Header(again, "x-darkroom-job-id"));
        Assert.Equal((HttpStatusCode.Conflict, "false"), (other.StatusCode, Header(other, "x-should-retry")));
    }

    [Theory]
    [InlineData("\"response_format\":\"url\"", "response_format", "unsupported_value")]
    [InlineData("\"stream\":true", "stream", "unsupported_value")]
    [InlineData("\"stream\":\"false\"", "stream", "unsupported_value")]
    [InlineData("\"background\":\"transparent\"", "background", "unsupported_value")]
    [InlineData("\"moderation\":\"low\"", "moderation", "unsupported_value")]
    [InlineData("\"output_format\":\"webp\"", "output_format", "unknown_parameter")]
    [InlineData("\"output_compression\":50", "output_compression", "unknown_parameter")]
    [InlineData("\"style\":\"vivid\"", "style", "unknown_parameter")]
    [InlineData("\"priority\":0", "priority", "unknown_parameter")]
    public async Task What_the_endpoint_would_not_do_is_refused_by_name(string field, string param, string code)
    {
        using var answer = await host.Admin.PostJsonAsync("/v1/images/generations", $$"""{"model":"gpt-image-1.5","prompt":"a cat",{{field}}}""");

        var error = (await answer.JsonAsync()).GetProperty("error");
        Assert.Equal((HttpStatusCode.BadRequest, param, code), (answer.StatusCode, error.GetProperty("param").GetString(), error.GetProperty("code").GetString()));
        Assert.Equal(0L, await CountAsync("SELECT count(*) FROM darkroom.jobs"));
    }

    Task<HttpResponseMessage> SendAsync(string prompt, params (string Name, string Value)[] headers) => SendAsync(prompt, Ct, headers);

    Task<HttpResponseMessage> SendAsync(string prompt, CancellationToken ct, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/images/generations")
        {
            Content = new StringContent(JsonSerializer.Serialize(new { model = "gpt-image-1.5", prompt }), Encoding.UTF8, "application/json"),
        };
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return host.Admin.SendAsync(request, ct);
    }

    /// <summary>The newest job, once there are so many.</summary>
    async Task<Guid> SubmittedAsync(long count)
    {
        while (await CountAsync("SELECT count(*) FROM darkroom.jobs") < count)
            await Task.Delay(10, Ct);
        await using var newest = host.Database.DataSource.CreateCommand("SELECT id FROM darkroom.jobs ORDER BY id DESC LIMIT 1");
        return (Guid)(await newest.ExecuteScalarAsync(Ct))!;
    }

    async Task<long> CountAsync(string sql)
    {
        await using var count = host.Database.DataSource.CreateCommand(sql);
        return (long)(await count.ExecuteScalarAsync(Ct))!;
    }

    static string? Header(HttpResponseMessage answer, string name) => answer.Headers.TryGetValues(name, out var values) ? values.Single() : null;

    static async Task<string?> CodeAsync(HttpResponseMessage answer) => (await answer.JsonAsync()).GetProperty("error").GetProperty("code").GetString();
}
