using System.Net.Http.Headers;
using System.Text;
using Darkroom.Client;
using Darkroom.Simulator;
using Darkroom.Tests.Infrastructure;
using Darkroom.Tests.Simulator;
using Xunit;

namespace Darkroom.Tests.Client;

public sealed class Following_changes
{
    static readonly Uri Address = new("http://darkroom.test");

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_changes_of_a_job_are_told_until_it_has_ended()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var endpoint = await SimulatorHost.StartAsync(o => (o.LatencyScale, o.MinPictureBytes, o.MaxPictureBytes) = (0, 0, 0));
        await using var worker = await TestWorker.StartAsync(database, endpoint);
        using var darkroom = new DarkroomClient(worker.Address, TestWorker.AdminKey);
        var job = await darkroom.SubmitAsync(new() { Model = "gpt-image-1.5", Prompt = "a red door" }, cancellationToken: Cancel);

        List<Change> changes = await darkroom.WatchJobAsync(job.Id, cancellationToken: Cancel).ToListAsync(Cancel);

        Assert.All(changes, change => Assert.Equal(job.Id, change.Job!.JobId));
        Assert.Equal("succeeded", changes[^1].Job!.Status);
        Assert.Equal(changes[^1].EventId, Assert.Single(await darkroom.WatchJobAsync(job.Id, changes[^2].EventId, Cancel).ToListAsync(Cancel)).EventId);
        Assert.Empty(await darkroom.WatchJobAsync(job.Id, changes[^1].EventId, Cancel).ToListAsync(Cancel));
    }

    [Fact]
    public async Task A_connection_that_ends_or_breaks_is_taken_up_again_after_the_last_event()
    {
        var script = new ScriptedAnswers(
            Events($"{Event(1, "queued")}: still here\n\n"),
            Events(new BrokenStream(Encoding.UTF8.GetBytes(Event(2, "running")), new IOException("Connection reset by peer"))),
            Events(Event(3, "succeeded")));
        using var darkroom = new DarkroomClient(new HttpClient(script) { BaseAddress = Address });

        List<Change> changes = await darkroom.WatchJobAsync("job_1", cancellationToken: Cancel).ToListAsync(Cancel);

        Assert.Equal(["queued", "running", "succeeded"], changes.Select(c => c.Job!.Status));
        Assert.Equal([null, "1", "2"], script.LastEventIds);
    }

    [Fact]
    public async Task One_that_ended_before_it_told_anything_is_taken_up_again_and_only_204_says_that_nothing_more_will_come()
    {
        var script = new ScriptedAnswers(Events("retry: 2000\n\n"), Events(Event(2, "running")), null);
        using var darkroom = new DarkroomClient(new HttpClient(script) { BaseAddress = Address });

        List<Change> changes = await darkroom.WatchJobAsync("job_1", "1", Cancel).ToListAsync(Cancel);

        Assert.Equal("running", Assert.Single(changes).Job!.Status);
        Assert.Equal(["1", "1", "2"], script.LastEventIds);
    }

    [Fact]
    public async Task One_that_falls_silent_is_given_up_after_three_comments_that_did_not_come()
    {
        var clock = new SignallingClock();
        var script = new ScriptedAnswers(Events(new BrokenStream(Encoding.UTF8.GetBytes(Event(1, "running")), null)), Events(Event(2, "succeeded")));
        using var darkroom = new DarkroomClient(new HttpClient(script) { BaseAddress = Address }, clock);

        var changes = darkroom.WatchJobAsync("job_1", cancellationToken: Cancel).ToListAsync(Cancel);
        // The wait for headers, for the event, and for what does not come.
        for (var waits = 0; waits < 3; waits++)
            await clock.WaitForTimerAsync(Cancel);
        clock.Advance(TimeSpan.FromSeconds(45));
        await clock.WaitForTimerAsync(Cancel);
        clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(["running", "succeeded"], (await changes).Select(c => c.Job!.Status));
    }

    [Fact]
    public async Task A_page_that_something_in_between_shows_instead_is_no_stream_of_changes()
    {
        HttpContent[] pages = [.. Enumerable.Range(0, 4).Select(_ => new StringContent("<html>", Encoding.UTF8, "text/html"))];
        var clock = new SignallingClock();
        using var darkroom = new DarkroomClient(new HttpClient(new ScriptedAnswers(pages)) { BaseAddress = Address }, clock);

        var changes = darkroom.WatchJobAsync("job_1", cancellationToken: Cancel).ToListAsync(Cancel).AsTask();
        for (var tries = 1; tries < pages.Length; tries++)
        {
            // The wait for the answer, and the one before the next try.
            await clock.WaitForTimerAsync(Cancel);
            await clock.WaitForTimerAsync(Cancel);
            clock.Advance(TimeSpan.FromSeconds(tries));
        }

        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => changes);
        Assert.Equal(HttpRequestError.InvalidResponse, failure.HttpRequestError);
    }

    static string Event(int id, string status) => $$"""
        id: {{id}}
        event: job
        data: {"id":"{{id}}","job_id":"job_1","batch_id":null,"status":"{{status}}","at":"2026-11-25T00:00:00Z"}


        """.ReplaceLineEndings("\n");

    static StreamContent Events(string text) => Events(new MemoryStream(Encoding.UTF8.GetBytes(text)));

    static StreamContent Events(Stream stream) => new(stream) { Headers = { ContentType = new MediaTypeHeaderValue("text/event-stream") } };
}
