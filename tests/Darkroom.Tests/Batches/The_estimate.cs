using CsCheck;
using Darkroom.Worker.Batches;
using Xunit;

namespace Darkroom.Tests.Batches;

public sealed class The_estimate
{
    static readonly TimeSpan Lately = TimeSpan.FromMinutes(2);

    [Theory]
    [InlineData(100, 0)]
    [InlineData(0, 100)]
    [InlineData(0, 0)]
    public void Is_not_known_before_anything_has_ended_and_when_nothing_is_left(int open, int ended) =>
        Assert.Null(new BatchProgress(open, ended, TimeSpan.FromMinutes(10), 0, Lately).TimeLeft());

    [Fact]
    public void Is_what_is_left_at_the_pace_so_far() =>
        Assert.Equal(TimeSpan.FromMinutes(30), new BatchProgress(300, 100, TimeSpan.FromMinutes(10), 20, Lately).TimeLeft());

    [Fact]
    public void Follows_the_pace_of_late_where_enough_has_ended_to_tell_it() =>
        Assert.Equal(TimeSpan.FromMinutes(3), new BatchProgress(300, 300, TimeSpan.FromMinutes(60), 200, Lately).TimeLeft());

    [Fact]
    public void Hardly_heeds_a_single_line() =>
        Assert.InRange(new BatchProgress(300, 100, TimeSpan.FromMinutes(10), 1, TimeSpan.FromSeconds(1)).TimeLeft()!.Value, TimeSpan.FromMinutes(20), TimeSpan.FromMinutes(30));

    [Fact]
    public void Goes_on_where_nothing_has_ended_of_late() =>
        Assert.Equal(TimeSpan.FromMinutes(30), new BatchProgress(300, 100, TimeSpan.FromMinutes(10), 0, Lately).TimeLeft());

    [Fact]
    public void Comes_nearer_the_truth_as_a_steady_batch_goes_on()
    {
        // Ten lines a minute; each takes a minute, so the first of them says too little.
        const int Total = 1000, PerMinute = 10;
        var errors = Enumerable.Range(2, 95).Select(minute =>
        {
            var ended = (minute - 1) * PerMinute;
            var elapsed = TimeSpan.FromMinutes(minute);
            var lately = Math.Min(ended, 2 * PerMinute);
            var left = new BatchProgress(Total - ended, ended, elapsed, lately, elapsed < Lately ? elapsed : Lately).TimeLeft()!.Value;
            return Math.Abs((left - TimeSpan.FromMinutes(101 - minute)).TotalMinutes);
        }).ToList();

        Assert.True(errors[^1] <= 1 && errors.Skip(2).Max() <= 1, string.Join(' ', errors));
    }

    [Fact]
    public void Is_never_negative_and_never_beyond_ten_years() =>
        Gen.Select(Gen.Int[0, 1_000_000], Gen.Int[0, 1_000_000], Gen.Double[0, 1e8], Gen.Int[0, 100_000], Gen.Double[0, 120]).Sample((open, ended, elapsed, lately, window) =>
            new BatchProgress(open, ended, TimeSpan.FromSeconds(elapsed), lately, TimeSpan.FromSeconds(window)).TimeLeft() is not { } left
            || (left >= TimeSpan.Zero && left <= TimeSpan.FromDays(3650)));
}
