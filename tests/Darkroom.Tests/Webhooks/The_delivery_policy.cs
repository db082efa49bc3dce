using Darkroom.Worker.Webhooks;
using Xunit;

namespace Darkroom.Tests.Webhooks;

public sealed class The_delivery_policy
{
    static readonly IReadOnlyList<TimeSpan> Waits = new WebhookOptions().Waits;

    [Theory]
    [InlineData(1, 5)]
    [InlineData(2, 300)]
    [InlineData(3, 1800)]
    [InlineData(4, 7200)]
    [InlineData(9, 86400)]
    public void A_failure_waits_as_the_schedule_says_and_up_to_a_tenth_longer(int attempts, double seconds)
    {
        Assert.Equal(new DeliveryNext.Again(TimeSpan.FromSeconds(seconds)), Decide(Answered(500), attempts));
        Assert.Equal(new DeliveryNext.Again(TimeSpan.FromSeconds(seconds * 1.05)), Decide(Answered(500), attempts, random: 0.5));
    }

    [Fact]
    public void After_the_last_wait_it_is_given_up() => Assert.IsType<DeliveryNext.GiveUp>(Decide(DeliveryOutcome.Failed("reset"), 10));

    [Theory]
    [InlineData(200)]
    [InlineData(204)]
    [InlineData(299)]
    public void Any_2xx_is_done(int status) => Assert.IsType<DeliveryNext.Done>(Decide(new(status, null, null, null), 1));

    [Fact]
    public void Gone_is_given_up_at_once() => Assert.IsType<DeliveryNext.GiveUp>(Decide(Answered(410), 1));

    [Theory]
    [InlineData(429, 60, 60)]
    [InlineData(503, 60, 60)]
    [InlineData(429, 1, 5)]
    [InlineData(500, 60, 5)]
    [InlineData(503, 1_000_000, 86_400)]
    public void Retry_After_is_obeyed_where_it_means_something(int status, double asked, double expected) =>
        Assert.Equal(new DeliveryNext.Again(TimeSpan.FromSeconds(expected)), Decide(Answered(status) with { RetryAfter = TimeSpan.FromSeconds(asked) }, 1));

    [Theory]
    [InlineData(200, 2000, false)]
    [InlineData(200, 2001, true)]
    [InlineData(500, 14_000, false)]
    public void Slow_is_who_takes_long_to_say_yes(int status, int took, bool slow) =>
        Assert.Equal(slow, DeliveryPolicy.IsSlow(status == 200 ? new(status, null, null, null) : Answered(status), TimeSpan.FromMilliseconds(took)));

    static DeliveryOutcome Answered(int status) => new(status, $"The receiver answered {status}.", null, null);

    static DeliveryNext Decide(DeliveryOutcome outcome, int attempts, double random = 0) => DeliveryPolicy.Decide(outcome, attempts, Waits, random);
}
