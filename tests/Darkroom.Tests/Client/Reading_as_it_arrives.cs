using Darkroom.Client;
using Darkroom.Tests.Simulator;
using Xunit;

namespace Darkroom.Tests.Client;

public sealed class Reading_as_it_arrives
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    readonly SignallingClock clock = new();

    [Fact]
    public async Task What_breaks_a_picture_is_told_as_a_failure_of_the_network()
    {
        var reset = new IOException("Connection reset by peer");
        using var darkroom = Answering(new StreamContent(new BrokenStream([1, 2], reset)));
        await using var picture = await darkroom.OpenImageAsync("job_1", 0, Cancel);

        var failure = await Assert.ThrowsAsync<HttpIOException>(() => picture.CopyToAsync(Stream.Null, Cancel));

        Assert.Same(reset, failure.InnerException);
    }

    [Fact]
    public async Task A_picture_that_brings_nothing_for_a_minute_is_given_up()
    {
        using var darkroom = Answering(new StreamContent(new BrokenStream([], null)));
        await using var picture = await darkroom.OpenImageAsync("job_1", 0, Cancel);
        await clock.WaitForTimerAsync(Cancel);

        var read = picture.ReadAsync(new byte[1], Cancel).AsTask();
        await clock.WaitForTimerAsync(Cancel);
        clock.Advance(TimeSpan.FromSeconds(59));
        var early = read.IsCompleted;
        clock.Advance(TimeSpan.FromSeconds(1));

        await Assert.ThrowsAsync<HttpIOException>(() => read);
        Assert.False(early);
    }

    [Fact]
    public async Task One_whose_headers_do_not_come_is_given_up_as_well()
    {
        using var darkroom = new DarkroomClient(new HttpClient(new Silent()) { BaseAddress = new Uri("http://darkroom.test") }, clock);

        var opened = darkroom.OpenImageAsync("job_1", 0, Cancel);
        await clock.WaitForTimerAsync(Cancel);
        clock.Advance(TimeSpan.FromSeconds(60));

        await Assert.ThrowsAsync<HttpRequestException>(() => opened);
    }

    DarkroomClient Answering(HttpContent content) =>
        new(new HttpClient(new ScriptedAnswers(content)) { BaseAddress = new Uri("http://darkroom.test") }, clock);

    sealed class Silent : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return new();
        }
    }
}
