using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Endpoint;
using Xunit;

namespace Darkroom.Tests.Endpoint;

public sealed class Holding_back(TestDatabase database) : IClassFixture<TestDatabase>
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    static RateHeaders Images(double limit) => new(new RateLimit(limit, null, null), default, default);

    [Fact]
    public async Task Calls_refused_together_slow_the_endpoint_down_once()
    {
        var endpoint = await TestEndpoint.CreateAsync(database, imagesPerMinute: 100);
        var started = await endpoint.NowAsync();

        await Task.WhenAll(Enumerable.Range(1, 50).Select(i =>
            endpoint.FailAsync(FailureKind.RateLimited, startedAt: started, retryAfter: TimeSpan.FromSeconds(i % 2 == 0 ? 12 : 10))))
            .WaitAsync(TimeSpan.FromSeconds(30), Ct);

        var row = await endpoint.RowAsync();
        Assert.Equal((70, 1), (Math.Round(row.LearnedImagesPerMinute!.Value, 6), row.Throttles));
        // All of them are heard about the time to wait: the last one that said 12 counts.
        Assert.InRange(row.HoldUntil!.Value, row.LearnedAt!.Value.AddSeconds(12), (await endpoint.NowAsync()).AddSeconds(12));
    }

    [Fact]
    public async Task A_call_at_the_slower_pace_that_is_refused_too_slows_it_further()
    {
        var endpoint = await TestEndpoint.CreateAsync(database, imagesPerMinute: 100);
        await endpoint.FailAsync(FailureKind.RateLimited, retryAfter: TimeSpan.Zero);
        await endpoint.FailAsync(FailureKind.Busy);
        var row = await endpoint.RowAsync();
        Assert.Equal((49, 2), (Math.Round(row.LearnedImagesPerMinute!.Value, 6), row.Throttles));
    }

    [Fact]
    public async Task The_same_outcome_told_twice_counts_once()
    {
        var endpoint = await TestEndpoint.CreateAsync(database, imagesPerMinute: 100);
        var (job, started) = (Guid.CreateVersion7(), await endpoint.NowAsync());
        await endpoint.FailAsync(FailureKind.Busy, job, started);
        var once = await endpoint.VersionAsync();
        await endpoint.FailAsync(FailureKind.Busy, job, started);
        Assert.Equal(once, await endpoint.VersionAsync());
    }

    [Fact]
    public async Task Without_a_time_to_wait_backoff_grows_until_a_later_call_succeeds()
    {
        var endpoint = await TestEndpoint.CreateAsync(database);
        var before = await endpoint.NowAsync();
        for (var throttles = 1; throttles <= 4; throttles++)
        {
            await endpoint.FailAsync(FailureKind.Busy);
            var row = await endpoint.RowAsync();
            Assert.Equal(throttles, row.Throttles);
            Assert.InRange(row.HoldUntil!.Value, before, (await endpoint.NowAsync()).AddSeconds(Math.Pow(2, throttles - 1)));
        }

        await endpoint.SucceedAsync(startedAt: before);
        Assert.Equal(4, (await endpoint.RowAsync()).Throttles);
        await endpoint.ShiftClockAsync(TimeSpan.FromSeconds(30));
        await endpoint.SucceedAsync();
        Assert.Equal(0, (await endpoint.RowAsync()).Throttles);
    }

    [Fact]
    public async Task A_hold_never_gets_shorter()
    {
        var endpoint = await TestEndpoint.CreateAsync(database);
        await endpoint.FailAsync(FailureKind.RateLimited, retryAfter: TimeSpan.FromHours(1));
        var hold = (await endpoint.RowAsync()).HoldUntil;
        await endpoint.FailAsync(FailureKind.RateLimited, retryAfter: TimeSpan.FromSeconds(1));
        await endpoint.FailAsync(FailureKind.Busy);
        Assert.Equal(hold, (await endpoint.RowAsync()).HoldUntil);
    }

    [Fact]
    public async Task The_pace_climbs_back_by_the_minute_until_the_configured_one_stands_again()
    {
        var endpoint = await TestEndpoint.CreateAsync(database, imagesPerMinute: 100);
        await endpoint.FailAsync(FailureKind.RateLimited, retryAfter: TimeSpan.FromSeconds(1));
        var pace = new List<double?>();
        for (var seconds = 30; seconds <= 330; seconds += 30)
        {
            await endpoint.ShiftClockAsync(TimeSpan.FromSeconds(seconds));
            await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => endpoint.SucceedAsync()));
            pace.Add((await endpoint.RowAsync()).LearnedImagesPerMinute);
        }
        Assert.Equal(
            [70, 80, 80, 90, 90, null, null, null, null, null, null],
            pace.Select(p => p is { } value ? Math.Round(value, 6) : (double?)null));
    }

    [Fact]
    public async Task Limit_headers_are_learned_and_kept_while_they_are_said()
    {
        var endpoint = await TestEndpoint.CreateAsync(database, imagesPerMinute: null);
        await endpoint.SucceedAsync(limits: new RateHeaders(new RateLimit(150, 3, null), default, new RateLimit(8000, null, null)));
        var row = await endpoint.RowAsync();
        Assert.Equal((150, 8000), (row.LearnedImagesPerMinute, row.LearnedTokensPerMinute));

        await endpoint.FailAsync(FailureKind.ServerError, limits: Images(20));
        Assert.Equal(
            (20, 8000), await endpoint.RowAsync() is var later ? (later.LearnedImagesPerMinute, later.LearnedTokensPerMinute) : default);
    }

    [Fact]
    public async Task A_refusal_that_the_limit_header_explains_sets_the_pace_to_that_limit()
    {
        var endpoint = await TestEndpoint.CreateAsync(database, imagesPerMinute: 100);
        await endpoint.FailAsync(FailureKind.RateLimited, retryAfter: TimeSpan.FromSeconds(1), limits: Images(20));
        Assert.Equal(20, (await endpoint.RowAsync()).LearnedImagesPerMinute);
    }
}
