using System.Net;
using Darkroom.Simulator;
using Darkroom.Simulator.Accounting;
using Darkroom.Simulator.Contract;
using Darkroom.Simulator.Limits;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Darkroom.Tests.Simulator;

public class Rate_limits
{
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.FromUnixTimeSeconds(1_700_000_000));

    [Fact]
    public async Task A_caller_above_the_images_per_minute_gets_a_429_that_says_when()
    {
        await using var endpoint = await SimulatorHost.StartAsync(options =>
            (options.TimeProvider, options.ImagesPerMinute, options.Burst) = (_clock, 60, TimeSpan.Zero));
        using var caller = new Caller(endpoint);

        using var first = await caller.PromptAsync("one");
        using var second = await caller.PromptAsync("two");
        _clock.Advance(TimeSpan.FromSeconds(1));
        using var later = await caller.PromptAsync("two");

        Assert.Equal((200, 429, 200), ((int)first.StatusCode, (int)second.StatusCode, (int)later.StatusCode));
        Assert.Equal("rate_limit_exceeded", (await Caller.JsonAsync(second)).GetProperty("error").GetProperty("code").GetString());
        Assert.Equal(("60", "0", "1s"), Headers(first, "images"));
        Assert.Equal("1", Assert.Single(second.Headers.GetValues("Retry-After")));
        Assert.Equal("1000", Assert.Single(second.Headers.GetValues("retry-after-ms")));
    }

    [Theory]
    [InlineData(5)]
    [InlineData(250)]
    public void A_caller_at_exactly_the_limit_is_never_refused_and_one_a_twentieth_above_is(int perMinute)
    {
        var request = new GenerationRequest(SimulatedModel.Shipped[0], "a cat", "low", 1, "1024x1024");
        int Refused(double pace)
        {
            var options = new SimulatorOptions { TimeProvider = _clock, ImagesPerMinute = perMinute };
            using var account = new Account(options);
            var limits = new RateLimits(options, account);
            // Calls keep to a schedule and arrive up to two seconds late, as over a network.
            var random = new Random(1);
            var start = _clock.GetUtcNow();
            var arrivals = Enumerable.Range(0, 2000).Select(call => start.AddSeconds(60 * call / (perMinute * pace) + 2 * random.NextDouble())).Order();
            return arrivals.Count(arrival =>
            {
                _clock.SetUtcNow(arrival);
                return limits.Enter(request, new HeaderDictionary()) is not null;
            });
        }

        Assert.Equal(0, Refused(pace: 1));
        Assert.InRange(Refused(pace: 1.05), 60, 100);
    }

    [Fact]
    public async Task Ten_pictures_pass_a_limit_of_five_and_are_paid_for_afterwards()
    {
        await using var endpoint = await SimulatorHost.StartAsync(options => (options.TimeProvider, options.ImagesPerMinute) = (_clock, 5));
        using var caller = new Caller(endpoint);

        using var ten = await caller.PostAsync(new { model = "gpt-image-1", prompt = "[[fault:moderation_blocked]]", n = 10 });
        using var next = await caller.PromptAsync("a cat");
        var wait = TimeSpan.FromMilliseconds(double.Parse(next.Headers.GetValues("retry-after-ms").Single(), System.Globalization.CultureInfo.InvariantCulture));
        _clock.Advance(wait);
        using var after = await caller.PromptAsync("a cat");

        Assert.Equal((400, 429, 200), ((int)ten.StatusCode, (int)next.StatusCode, (int)after.StatusCode));
        Assert.InRange(wait.TotalSeconds, 110, 120);
    }

    [Fact]
    public async Task Requests_and_tokens_have_their_own_limits_and_headers()
    {
        await using var endpoint = await SimulatorHost.StartAsync(options =>
            (options.TimeProvider, options.RequestsPerMinute, options.TokensPerMinute) = (_clock, 600, 1200));
        using var caller = new Caller(endpoint);

        using var first = await caller.PromptAsync("four");
        using var second = await caller.PromptAsync("four");

        Assert.Equal(("600", "50", "100ms"), Headers(first, "requests"));
        // A bucket of 101 tokens pays 273 and is 172 in debt.
        Assert.Equal(("1200", "0", "13.65s"), Headers(first, "tokens"));
        Assert.Equal(429, (int)second.StatusCode);
        Assert.Equal("tokens", (await Caller.JsonAsync(second)).GetProperty("error").GetProperty("type").GetString());
        Assert.Equal("9", Assert.Single(second.Headers.GetValues("Retry-After")));
    }

    [Fact]
    public async Task One_call_more_than_may_be_in_flight_gets_a_429()
    {
        await using var endpoint = await SimulatorHost.StartAsync(options => options.MaxInFlight = 1);
        using var caller = new Caller(endpoint);
        endpoint.Hold();
        var held = caller.PromptAsync("a cat");
        await endpoint.Account.WaitForHeldAsync(1, Caller.Cancel);

        HttpResponseMessage more;
        using (more = await caller.PromptAsync("a dog [[fault:http_400]]"))
            Assert.Equal(429, (int)more.StatusCode);
        endpoint.Release();
        using var first = await held;
        using (more = await caller.PromptAsync("a dog"))
            Assert.Equal(200, (int)more.StatusCode);
    }

    [Fact]
    public async Task An_account_that_has_spent_its_budget_is_out_of_money()
    {
        await using var endpoint = await SimulatorHost.StartAsync(options => options.Budget = 0.01m);
        using var caller = new Caller(endpoint);

        using var first = await caller.PromptAsync("a cat");
        using var second = await caller.PromptAsync("a cat");

        Assert.Equal((200, 429), ((int)first.StatusCode, (int)second.StatusCode));
        Assert.Equal("insufficient_quota", (await Caller.JsonAsync(second)).GetProperty("error").GetProperty("code").GetString());
    }

    [Theory]
    [InlineData(0, "0ms")]
    [InlineData(0.02, "20ms")]
    [InlineData(8.64, "8.64s")]
    [InlineData(360, "6m0s")]
    [InlineData(3723.5, "1h2m3.5s")]
    public void Durations_are_written_as_the_real_headers_write_them(double seconds, string text) =>
        Assert.Equal(text, GoDuration.Format(TimeSpan.FromSeconds(seconds)));

    private static (string, string, string) Headers(HttpResponseMessage response, string name) => (
        response.Headers.GetValues($"x-ratelimit-limit-{name}").Single(),
        response.Headers.GetValues($"x-ratelimit-remaining-{name}").Single(),
        response.Headers.GetValues($"x-ratelimit-reset-{name}").Single());
}
