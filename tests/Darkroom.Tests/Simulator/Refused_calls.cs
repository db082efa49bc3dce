using System.Globalization;
using System.Net;
using System.Text.Json;
using Darkroom.Simulator;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Darkroom.Tests.Simulator;

/// <summary>Faults that answer with an error.</summary>
public class Refused_calls
{
    [Theory]
    [InlineData("moderation_blocked", 400, "image_generation_user_error", "moderation_blocked")]
    [InlineData("http_400", 400, "invalid_request_error", null)]
    [InlineData("invalid_api_key", 401, "invalid_request_error", "invalid_api_key")]
    [InlineData("payment_required", 402, "insufficient_quota", "payment_required")]
    [InlineData("forbidden", 403, "invalid_request_error", "model_not_found")]
    [InlineData("http_408", 408, "invalid_request_error", null)]
    [InlineData("http_418", 418, "invalid_request_error", null)]
    [InlineData("insufficient_quota", 429, "insufficient_quota", "insufficient_quota")]
    [InlineData("credit_balance_exhausted", 429, "insufficient_quota", "credit_balance_exhausted")]
    [InlineData("billing_hard_limit_reached", 429, "insufficient_quota", "billing_hard_limit_reached")]
    [InlineData("project_spend_limit_exceeded", 429, "insufficient_quota", "project_spend_limit_exceeded")]
    [InlineData("organization_usage_limit_exceeded", 429, "insufficient_quota", "organization_usage_limit_exceeded")]
    [InlineData("rate_limit_exceeded", 429, "requests", "rate_limit_exceeded")]
    [InlineData("slow_down", 429, "requests", "slow_down")]
    [InlineData("http_500", 500, "server_error", null)]
    [InlineData("busy", 503, "service_unavailable", null)]
    [InlineData("http_524", 524, "server_error", null)]
    [InlineData("error_200", 200, "server_error", "generation_failed")]
    public async Task An_error_has_its_status_and_the_endpoint_s_own_body(string fault, int status, string type, string? code)
    {
        await using var endpoint = await SimulatorHost.StartAsync();
        using var caller = new Caller(endpoint);

        using var response = await caller.PromptAsync($"a cat [[fault:{fault}]]");

        Assert.Equal(status, (int)response.StatusCode);
        var error = (await Caller.JsonAsync(response)).GetProperty("error");
        Assert.Equal(type, error.GetProperty("type").GetString());
        Assert.Equal(code, error.GetProperty("code").GetString());
        Assert.Equal(fault == "moderation_blocked", error.TryGetProperty("moderation_details", out _));
        await endpoint.Account.WaitForCallsAsync(calls => calls[0].FinishedAt is not null, Caller.Cancel);
        var call = Assert.Single(endpoint.Account.Calls);
        Assert.Equal(status, call.Status);
        Assert.Equal(fault == "error_200", call.Billed);
        Assert.Equal([fault], call.Faults);
    }

    [Theory]
    [InlineData("http_500", false)]
    [InlineData("http_500 billed=yes", true)]
    [InlineData("http_429 billed=yes", true)]
    [InlineData("reset_before_headers billed=no", false)]
    public async Task A_fault_may_be_billed_or_not_as_asked(string fault, bool billed)
    {
        await using var endpoint = await SimulatorHost.StartAsync();
        using var caller = new Caller(endpoint);

        await Record.ExceptionAsync(() => caller.PromptAsync($"a cat [[fault:{fault}]]"));
        await endpoint.Account.WaitForCallsAsync(calls => calls[0].FinishedAt is not null, Caller.Cancel);

        Assert.Equal(billed, Assert.Single(endpoint.Account.Calls).Billed);
    }

    [Theory]
    [InlineData("rate_limit_exceeded", "1", "1000", null)]
    [InlineData("rate_limit_exceeded retry_after=7", "7", null, null)]
    [InlineData("rate_limit_exceeded retry_after=none", null, null, null)]
    [InlineData("rate_limit_exceeded retry_after_ms=250", null, "250", null)]
    [InlineData("rate_limit_exceeded retry_after_date=90", "Tue, 14 Nov 2023 22:14:50 GMT", null, null)]
    [InlineData("rate_limit_exceeded reset=6m0s", null, null, "6m0s")]
    [InlineData("http_503 retry_after=3", "3", null, null)]
    [InlineData("slow_down", null, null, null)]
    public async Task A_429_says_when_to_come_back_as_asked(string fault, string? retryAfter, string? retryAfterMs, string? reset)
    {
        var clock = new FakeTimeProvider(DateTimeOffset.FromUnixTimeSeconds(1_700_000_000));
        await using var endpoint = await SimulatorHost.StartAsync(options => options.TimeProvider = clock);
        using var caller = new Caller(endpoint);

        using var response = await caller.PromptAsync($"a cat [[fault:{fault}]]");

        string? Header(string name) => response.Headers.TryGetValues(name, out var values) ? values.Single() : null;
        Assert.Equal(retryAfter, Header("Retry-After"));
        Assert.Equal(retryAfterMs, Header("retry-after-ms"));
        Assert.Equal(reset, Header("x-ratelimit-reset-images"));
    }

    [Theory]
    [InlineData("html_error", 502, "text/html", "<!DOCTYPE html>")]
    [InlineData("html_error status=520", 520, "text/html", "<title>520")]
    [InlineData("text_error", 502, "text/plain", "upstream connect error")]
    [InlineData("empty_error status=429", 429, null, "")]
    [InlineData("other_json_error", 502, "application/json", "\"detail\"")]
    [InlineData("html_200", 200, "text/html", "<!DOCTYPE html>")]
    [InlineData("empty_200", 200, null, "")]
    [InlineData("http_204", 204, null, "")]
    public async Task Gateways_answer_in_other_shapes(string fault, int status, string? type, string contains)
    {
        await using var endpoint = await SimulatorHost.StartAsync();
        using var caller = new Caller(endpoint);

        using var response = await caller.PromptAsync($"a cat [[fault:{fault}]]");
        var body = await response.Content.ReadAsStringAsync(Caller.Cancel);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(type, response.Content.Headers.ContentType?.MediaType);
        Assert.Contains(contains, body, StringComparison.Ordinal);
        Assert.Equal(contains.Length == 0, body.Length == 0);
    }

    [Fact]
    public async Task A_redirect_has_its_location()
    {
        await using var endpoint = await SimulatorHost.StartAsync();
        using var caller = new Caller(endpoint);

        using var response = await caller.PromptAsync("a cat [[fault:redirect status=308 location=http://127.0.0.1:1/there]]");

        Assert.Equal(HttpStatusCode.PermanentRedirect, response.StatusCode);
        Assert.Equal(new Uri("http://127.0.0.1:1/there"), response.Headers.Location);
    }

    [Fact]
    public async Task Counted_faults_of_a_prompt_take_turns_and_end()
    {
        await using var endpoint = await SimulatorHost.StartAsync();
        using var caller = new Caller(endpoint);
        const string prompt = "a cat [[fault:http_500 x2]] [[fault:http_429 x1]] [[fault:gzip]]";

        var statuses = new List<int>();
        for (var call = 0; call < 5; call++)
            using (var response = await caller.PromptAsync(prompt))
                statuses.Add((int)response.StatusCode);
        using var other = await caller.PromptAsync($"{prompt} again");

        Assert.Equal([500, 500, 429, 200, 200], statuses);
        Assert.Equal(500, (int)other.StatusCode);
    }

    [Fact]
    public async Task A_planned_fault_strikes_so_many_calls_with_the_text()
    {
        await using var endpoint = await SimulatorHost.StartAsync();
        using var caller = new Caller(endpoint);
        using var plan = await caller.AdminAsync(HttpMethod.Post, "/admin/faults", new { fault = "http_502 retry_after=2", times = 1, prompt = "cat" });
        Assert.Equal(HttpStatusCode.OK, plan.StatusCode);

        using var dog = await caller.PromptAsync("a dog");
        using var first = await caller.PromptAsync("a cat");
        using var second = await caller.PromptAsync("a cat");

        Assert.Equal((200, 502, 200), ((int)dog.StatusCode, (int)first.StatusCode, (int)second.StatusCode));
    }

    [Fact]
    public async Task A_planned_fault_without_a_count_lasts_until_the_plan_is_dropped()
    {
        await using var endpoint = await SimulatorHost.StartAsync();
        using var caller = new Caller(endpoint);
        endpoint.Faults.Add("http_500");

        using var first = await caller.PromptAsync("a cat");
        using var second = await caller.PromptAsync("a cat");
        using var drop = await caller.AdminAsync(HttpMethod.Delete, "/admin/faults");
        using var third = await caller.PromptAsync("a cat");

        Assert.Equal((500, 500, 200), ((int)first.StatusCode, (int)second.StatusCode, (int)third.StatusCode));
    }

    [Fact]
    public async Task Faults_by_rate_strike_about_that_share_and_the_same_calls_in_every_run()
    {
        async Task<List<bool>> RunAsync()
        {
            await using var endpoint = await SimulatorHost.StartAsync(options => options.FaultRates["http_500"] = 0.3);
            using var caller = new Caller(endpoint);
            var failed = new List<bool>();
            for (var call = 0; call < 100; call++)
                using (var response = await caller.PromptAsync(call.ToString(CultureInfo.InvariantCulture)))
                    failed.Add(response.StatusCode == HttpStatusCode.InternalServerError);
            return failed;
        }

        var (one, other) = (await RunAsync(), await RunAsync());

        Assert.Equal(one, other);
        Assert.InRange(one.Count(failed => failed), 20, 40);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("http_99")]
    [InlineData("http_500 tomorrow")]
    [InlineData("http_500 status=many")]
    [InlineData("trickle every=often")]
    public async Task A_fault_that_is_not_understood_is_refused_wherever_it_is_asked_for(string fault)
    {
        await using var endpoint = await SimulatorHost.StartAsync();
        using var caller = new Caller(endpoint);

        using var asked = await caller.PromptAsync($"a cat [[fault:{fault}]]");
        using var planned = await caller.AdminAsync(HttpMethod.Post, "/admin/faults", new { fault });

        Assert.Equal((400, 400), ((int)asked.StatusCode, (int)planned.StatusCode));
        Assert.Throws<ArgumentException>(() => endpoint.Faults.Add(fault));
        await Assert.ThrowsAsync<ArgumentException>(() => SimulatorHost.StartAsync(options => options.FaultRates[fault] = 0.1));
    }

    [Fact]
    public async Task All_faults_are_listed_with_what_they_do()
    {
        await using var endpoint = await SimulatorHost.StartAsync();
        using var caller = new Caller(endpoint);
        endpoint.Faults.Add("http_500", times: 2, promptContains: "cat");

        using var response = await caller.AdminAsync(HttpMethod.Get, "/admin/faults");

        var listing = await Caller.JsonAsync(response);
        Assert.True(listing.GetProperty("faults").TryGetProperty("reset_mid_body", out _));
        Assert.Equal("""{"fault":"http_500","times":2,"prompt":"cat"}""", listing.GetProperty("planned")[0].GetRawText());
    }
}
