using CsCheck;
using Darkroom.Worker.Endpoint;
using Xunit;

namespace Darkroom.Tests.Endpoint;

public sealed class The_retry_policy
{
    static readonly BackoffOptions Options = new();

    static readonly Gen<FailureKind> AnyKind = Gen.Int[0, Enum.GetValues<FailureKind>().Length - 1].Select(i => (FailureKind)i);

    static JobNext Decide(FailureKind kind, int counted = 1, int unknown = 1, int maxAttempts = 5, int maxUnknown = 2, bool hold = false) =>
        RetryPolicy.Decide(
            CallFailure.Of(kind, "It broke."), new AttemptCaps(counted, unknown, maxAttempts, maxUnknown, hold), Options, 0.5);

    [Fact]
    public void Backs_off_after_a_first_unknown_outcome() =>
        Assert.Equal(new JobNext.RetryAt(TimeSpan.FromSeconds(0.5)), Decide(FailureKind.ServerError));

    [Theory]
    [InlineData(FailureKind.ModerationBlocked)]
    [InlineData(FailureKind.InvalidRequest)]
    [InlineData(FailureKind.Forbidden)]
    internal void Fails_at_a_definite_no(FailureKind kind) => Assert.Equal(new JobNext.Fail("It broke."), Decide(kind, unknown: 0));

    [Theory]
    [InlineData(FailureKind.KeyRefused)]
    [InlineData(FailureKind.OutOfMoney)]
    [InlineData(FailureKind.RateLimited)]
    [InlineData(FailureKind.Busy)]
    [InlineData(FailureKind.ConnectFailed)]
    [InlineData(FailureKind.Redirected)]
    [InlineData(FailureKind.HeartbeatStale)]
    internal void Waits_for_the_endpoint_however_often(FailureKind kind) =>
        Assert.IsType<JobNext.WaitForEndpoint>(Decide(kind, counted: 99, unknown: 99, hold: true));

    [Fact]
    public void Holds_where_an_unknown_outcome_reaches_a_cap_and_says_what_to_do()
    {
        var byUnknown = Assert.IsType<JobNext.Hold>(Decide(FailureKind.TimedOut, counted: 2, unknown: 2));
        Assert.Equal(
            "The endpoint may have billed 2 calls of this job that brought no result; the outcome of the last is unknown. It broke. "
            + "The job's cap (max_unknown_attempts is 2) keeps it from being bought again unasked. Retry to buy it again, or cancel.",
            byUnknown.Message);

        var byAttempts = Assert.IsType<JobNext.Hold>(Decide(FailureKind.TimedOut, counted: 5, unknown: 1));
        Assert.Contains("billed 1 call of this job", byAttempts.Message);
        Assert.Contains("max_attempts is 5", byAttempts.Message);
    }

    [Fact]
    public void Fails_where_a_definite_outcome_reaches_a_cap() =>
        Assert.Equal(
            new JobNext.Fail("Gave up after 2 calls (max_unknown_attempts is 2). The last: It broke. Retry to buy it again."),
            Decide(FailureKind.NoPictures, counted: 2, unknown: 2));

    [Fact]
    public void Holds_at_the_first_unknown_outcome_where_the_job_asks_for_it()
    {
        Assert.Contains("on_unknown is hold", Assert.IsType<JobNext.Hold>(Decide(FailureKind.ConnectionLost, hold: true)).Message);
        // Billed and useless is known: the job did not ask to be held for that.
        Assert.IsType<JobNext.RetryAt>(Decide(FailureKind.NoGoodPicture, hold: true));
    }

    [Fact]
    public void Retries_a_dead_nodes_job_at_once_within_its_cap()
    {
        Assert.Equal(new JobNext.RetryAt(TimeSpan.Zero), Decide(FailureKind.NodeLost));
        Assert.IsType<JobNext.Hold>(Decide(FailureKind.NodeLost, unknown: 2));
    }

    [Fact]
    public void Never_buys_beyond_a_cap_and_never_holds_what_was_not_billed() => Gen.Select(
        AnyKind, Gen.Int[0, 8], Gen.Int[0, 8], Gen.Int[1, 8], Gen.Int[1, 8], Gen.Bool).Sample((
            kind, counted, unknown, most, mostUnknown, hold) =>
    {
        var failure = CallFailure.Of(kind, "It broke.");
        var caps = AttemptCaps.After(failure, counted, unknown, most, mostUnknown, hold ? "hold" : "retry");
        var next = RetryPolicy.Decide(failure, caps, Options, 0.999);
        if (failure.Traits.Billing != Billing.No && (caps.Counted >= most || caps.Unknown >= mostUnknown))
            Assert.True(next is JobNext.Hold or JobNext.Fail);
        if (failure.Traits.Billing == Billing.No)
            Assert.True(next is JobNext.Fail or JobNext.WaitForEndpoint);
        Assert.True(next is not JobNext.Hold || failure.Traits.Billing == Billing.Unknown);
    });

    [Fact]
    public void Waits_anywhere_up_to_a_doubling_capped_time() =>
        Gen.Select(Gen.Int[1, 2000], Gen.Double[0, 0.999999]).Sample((failures, random) =>
    {
        var longest = Math.Min(Math.Pow(2, failures - 1), 60);
        var delay = Backoff.Delay(Options, failures, random).TotalSeconds;
        Assert.InRange(delay, (longest * random) - 1e-6, (longest * random) + 1e-6);
    });
}
