using Darkroom.Migrations.Rows;
using Darkroom.Worker.Endpoint;
using Xunit;
using EndpointRow = Darkroom.Migrations.Rows.Endpoint;

namespace Darkroom.Tests.Endpoint;

public sealed class The_learned_pace
{
    static readonly PaceOptions Options = new();
    static readonly DateTimeOffset Now = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    static EndpointRow Row(double? learned = null, DateTimeOffset? at = null, double? tokens = null) => new()
    {
        Name = "default",
        State = EndpointState.Active,
        LearnedImagesPerMinute = learned,
        LearnedAt = at,
        LearnedTokensPerMinute = tokens,
    };

    static RateHeaders Limits(double? images = null, double? requests = null, double? tokens = null) =>
        new(new RateLimit(images, null, null), new RateLimit(requests, null, null), new RateLimit(tokens, null, null));

    static double? After(
        EndpointRow row, double? configured, RateHeaders? limits = null, bool good = true, DateTimeOffset? startedAt = null) =>
        Pace.AfterAnswer(
        row, new EndpointOptions { ImagesPerMinute = configured }, Options, limits ?? RateHeaders.None, good, startedAt ?? Now.AddSeconds(
            -30), Now);

    static double Throttled(EndpointRow row, double? configured, RateHeaders? limits = null) =>
        Pace.AfterThrottle(row, new EndpointOptions { ImagesPerMinute = configured }, Options, limits ?? RateHeaders.None);

    [Fact]
    public void Stays_as_configured_while_nothing_speaks_against_it()
    {
        Assert.Null(After(Row(), configured: 250));
        Assert.Null(After(Row(), configured: 250, Limits(images: 250, requests: 5)));
        Assert.Null(After(Row(), configured: 250, Limits(images: 500)));
    }

    [Fact]
    public void Believes_a_lower_limit_at_once_and_stays_there()
    {
        Assert.Equal(20, After(Row(), configured: 250, Limits(images: 20), good: false));
        Assert.Equal(20, After(Row(20, Now.AddHours(-1)), configured: 250, Limits(images: 20)));
    }

    [Fact]
    public void Takes_the_endpoints_limit_where_none_is_configured()
    {
        Assert.Equal(150, After(Row(), configured: null, Limits(images: 150)));
        Assert.Equal(120, After(Row(), configured: null, Limits(requests: 120)));
        Assert.Equal(150, After(Row(), configured: null, Limits(images: 150, requests: 120)));
    }

    [Fact]
    public void Goes_slower_after_a_throttled_answer_and_never_below_its_floor()
    {
        Assert.Equal(70, Throttled(Row(), configured: 100), 6);
        Assert.Equal(49, Throttled(Row(70), configured: 100), 6);
        Assert.Equal(20, Throttled(Row(), configured: 100, Limits(images: 20)));
        Assert.Equal(Options.Floor, Throttled(Row(1.1), configured: 100));
    }

    [Fact]
    public void Climbs_back_in_steps_of_a_tenth_of_the_limit_at_most_once_a_minute()
    {
        Assert.Equal(80, After(Row(70, Now.AddMinutes(-1)), configured: 100)!.Value, 6);
        Assert.Equal(70, After(Row(70, Now.AddSeconds(-59)), configured: 100));
        Assert.Null(After(Row(95, Now.AddMinutes(-1)), configured: 100));
        Assert.Equal(50, After(Row(48, Now.AddMinutes(-1)), configured: 100, Limits(images: 50)));
        Assert.Equal(55, After(Row(50, Now.AddMinutes(-1)), configured: null)!.Value, 6);
    }

    [Fact]
    public void Climbs_only_on_good_answers_to_calls_made_at_this_pace()
    {
        Assert.Equal(70, After(Row(70, Now.AddMinutes(-2)), configured: 100, good: false));
        Assert.Equal(70, After(Row(70, Now.AddMinutes(-2)), configured: 100, startedAt: Now.AddMinutes(-2)));
    }

    [Fact]
    public void Of_tokens_is_what_the_headers_say_where_that_is_less()
    {
        static double? Tokens(double? configured, double? told, double? learned = null, int minutesAgo = 1) => Pace.TokensAfterAnswer(
            Row(tokens: learned, at: Now.AddMinutes(-minutesAgo)), new EndpointOptions { TokensPerMinute = configured }, Options, Limits(
                tokens: told), Now);
        Assert.Equal(100_000, Tokens(null, 100_000));
        Assert.Equal(100_000, Tokens(200_000, 100_000));
        Assert.Null(Tokens(50_000, 100_000, learned: 30_000));
        Assert.Equal(30_000, Tokens(50_000, null, learned: 30_000));
        Assert.Equal(20_000, Tokens(50_000, 20_000, learned: 30_000, minutesAgo: 0));
        Assert.Equal(30_000, Tokens(null, 100_000, learned: 30_000, minutesAgo: 0));
        // Of something else, such as thousands, or of nobody knows what.
        Assert.Equal(7_000, Tokens(null, 30));
        Assert.Equal(7_000, Tokens(200_000, 0.00000001));
    }
}
