using CsCheck;
using Darkroom.Migrations.Rows;
using Darkroom.Worker.Endpoint;
using Xunit;
using EndpointRow = Darkroom.Migrations.Rows.Endpoint;

namespace Darkroom.Tests.Endpoint;

public sealed class A_rate_bucket
{
    static readonly PaceOptions Pace = new();

    /// <summary>Jobs of <paramref name="n"/> images, tried every 50 ms for ten minutes; the images asked for in each second.</summary>
    static int[] Run(double perMinute, int n)
    {
        var balance = Bucket.Capacity(perMinute);
        var seconds = new int[600];
        for (var tick = 0; tick < 12_000; tick++)
        {
            balance = Bucket.Refill(balance, TimeSpan.FromMilliseconds(50), perMinute);
            for (; balance > 0; balance -= n)
                seconds[tick / 20] += n;
        }
        return seconds;
    }

    [Fact]
    public void Keeps_the_pace_and_the_first_minute_gets_no_second_ones_worth() =>
        Gen.Select(Gen.Double[1, 600], Gen.Int[1, 10]).Sample((perMinute, n) =>
    {
        var seconds = Run(perMinute, n);
        Assert.InRange(seconds.Sum(), (perMinute * 10 * 0.98) - n, (perMinute * 10) + Bucket.Capacity(perMinute) + n);
        for (var start = 0; start <= 540; start++)
            Assert.InRange(seconds[start..(start + 60)].Sum(), 0, perMinute + Bucket.Capacity(perMinute) + n);
    }, iter: 100);

    [Fact]
    public void Lets_a_job_of_ten_pass_a_limit_of_five_a_minute_and_pays_it_off()
    {
        var after = Bucket.Refill(1, TimeSpan.Zero, 5) - 10;
        Assert.Equal(-9, after);
        Assert.True(Bucket.Refill(after, TimeSpan.FromSeconds(107), 5) <= 0);
        Assert.True(Bucket.Refill(after, Bucket.UntilOpen(after, 5), 5) > 0);
        Assert.InRange(Bucket.UntilOpen(after, 5).TotalSeconds, 108, 108.1);
    }

    [Fact]
    public void Takes_no_harm_from_a_clock_that_runs_backwards() => Assert.Equal(-3, Bucket.Refill(-3, TimeSpan.FromHours(-1), 250));

    static readonly DateTimeOffset Now = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    static EndpointRow Row(
        string state = EndpointState.Active, DateTimeOffset? nextProbe = null, DateTimeOffset? hold = null, Guid? failed = null,
        double? learned = null) => new()
        {
            Name = "default",
            State = state,
            NextProbeAt = nextProbe,
            HoldUntil = hold,
            LastFailedJobId = failed,
            ImagesBalance = 3,
            BalanceAt = Now,
            LearnedImagesPerMinute = learned,
        };

    static Allowance Allow(
        EndpointRow row, int inFlight = 0, bool probing = false, int? maxInFlight = null, double? images = 600, double? tokens = null) =>
        EndpointAdmission.Allow(
            row,
            new EndpointOptions { ImagesPerMinute = images, TokensPerMinute = tokens, MaxInFlight = maxInFlight },
            Pace, Now, inFlight, probing);

    [Fact]
    public void An_active_endpoint_takes_what_its_limits_leave()
    {
        Assert.Equal(new Allowance(int.MaxValue, 3, double.PositiveInfinity, IsProbe: false, null), Allow(Row()));
        Assert.Equal(2, Allow(Row(), inFlight: 6, maxInFlight: 8).MaxJobs);
        Assert.Equal(0, Allow(Row(), inFlight: 9, maxInFlight: 8).MaxJobs);
        Assert.Equal(0, Allow(Row(), tokens: 600).Tokens);
    }

    [Fact]
    public void A_held_endpoint_takes_nothing_until_its_time()
    {
        Assert.Equal(Allowance.None, Allow(Row(hold: Now.AddTicks(1))));
        Assert.NotEqual(Allowance.None, Allow(Row(hold: Now)));
    }

    [Fact]
    public void A_paused_endpoint_takes_one_probe_at_a_time_and_never_the_job_that_failed_last()
    {
        var failed = Guid.CreateVersion7();
        Assert.Equal(Allowance.None, Allow(Row(EndpointState.Paused, nextProbe: Now.AddTicks(1), failed: failed)));
        Assert.Equal(Allowance.None, Allow(Row(EndpointState.Paused, nextProbe: Now, failed: failed), probing: true));
        Assert.Equal(
            new Allowance(1, 3, double.PositiveInfinity, IsProbe: true, failed),
            Allow(Row(EndpointState.Paused, nextProbe: Now, failed: failed), inFlight: 50));
    }

    [Fact]
    public void A_persons_pause_has_no_probe() => Assert.Equal(Allowance.None, Allow(Row(EndpointState.Paused)));

    [Fact]
    public void A_gate_may_be_tried_by_any_job()
    {
        var allowance = Allow(Row(EndpointState.Gated, nextProbe: Now, failed: Guid.CreateVersion7()));
        Assert.Equal((1, true, null), (allowance.MaxJobs, allowance.IsProbe, allowance.Excluded));
    }

    [Fact]
    public void The_slower_of_the_configured_and_the_learned_pace_holds()
    {
        Assert.Equal(10, EndpointAdmission.ImagesPerMinute(Row(learned: 10), new EndpointOptions { ImagesPerMinute = 20 }, Pace));
        Assert.Equal(20, EndpointAdmission.ImagesPerMinute(Row(learned: 30), new EndpointOptions { ImagesPerMinute = 20 }, Pace));
        Assert.Equal(30, EndpointAdmission.ImagesPerMinute(Row(learned: 30), new EndpointOptions(), Pace));
        Assert.Equal(Pace.Start, EndpointAdmission.ImagesPerMinute(Row(), new EndpointOptions(), Pace));
    }
}
