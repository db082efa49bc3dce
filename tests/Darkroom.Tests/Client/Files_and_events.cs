using System.Net;
using System.Text;
using Darkroom.Client;
using Darkroom.Simulator;
using Darkroom.Tests.Infrastructure;
using Xunit;

namespace Darkroom.Tests.Client;

public sealed class Files_and_events
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_file_is_streamed_there_and_back_listed_and_deleted()
    {
        await using var host = await Api.ApiHost.StartAsync();
        using var darkroom = new DarkroomClient(host.Address, Api.ApiHost.AdminKey);
        var lines = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 20_000).Select(i => $$"""{"custom_id":"{{i}}"}""" + "\n")));

        var file = await darkroom.UploadFileAsync(new MemoryStream(lines), "lines.jsonl", cancellationToken: Cancel);

        Assert.Equal(("lines.jsonl", "batch", (long)lines.Length), (file.Filename, file.Purpose, file.Bytes));
        await using (var content = await darkroom.OpenFileAsync(file.Id, Cancel))
        {
            using var back = new MemoryStream();
            await content.CopyToAsync(back, Cancel);
            Assert.Equal(lines, back.ToArray());
        }
        Assert.Equal(file, await darkroom.GetFileAsync(file.Id, Cancel));
        Assert.Equal(file, Assert.Single(await darkroom.ListFilesAsync("batch", Cancel).ToListAsync(Cancel)));
        Assert.True((await darkroom.DeleteFileAsync(file.Id, Cancel)).Deleted);
        Assert.Equal(HttpStatusCode.NotFound, (await Assert.ThrowsAsync<DarkroomException>(() => darkroom.GetFileAsync(file.Id, Cancel))).Status);
    }

    [Fact]
    public async Task An_upload_whose_answer_was_lost_is_sent_again_from_its_beginning()
    {
        await using var host = await Api.ApiHost.StartAsync();
        using var http = new HttpClient(new LosesFirstAnswer(new SocketsHttpHandler())) { BaseAddress = host.Address };
        http.DefaultRequestHeaders.Authorization = new("Bearer", Api.ApiHost.AdminKey);
        using var darkroom = new DarkroomClient(http);
        using var content = new MemoryStream("skipped{\"a\":1}\n"u8.ToArray()) { Position = 7 };

        var file = await darkroom.UploadFileAsync(content, "a.jsonl", cancellationToken: Cancel);

        Assert.Equal(8, file.Bytes);
        Assert.True(content.CanRead);
    }

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
    }

    [Fact]
    public async Task A_connection_that_breaks_is_taken_up_again_after_the_last_event()
    {
        var script = new Scripted(
            "id: 1\nevent: job\ndata: {\"id\":\"1\",\"job_id\":\"job_1\",\"batch_id\":null,\"status\":\"running\",\"at\":\"2026-11-25T00:00:00Z\"}\n\n: still here\n\n",
            "id: 2\nevent: job\ndata: {\"id\":\"2\",\"job_id\":\"job_1\",\"batch_id\":null,\"status\":\"succeeded\",\"at\":\"2026-11-25T00:00:00Z\"}\n\n");
        using var darkroom = new DarkroomClient(new HttpClient(script) { BaseAddress = new Uri("http://darkroom.test") });

        List<Change> changes = await darkroom.WatchJobAsync("job_1", cancellationToken: Cancel).ToListAsync(Cancel);

        Assert.Equal(["running", "succeeded"], changes.Select(c => c.Job!.Status));
        Assert.Equal([null, "1"], script.LastEventIds);
    }

    [Fact]
    public async Task A_download_goes_on_where_it_broke_off_also_through_a_server_that_knows_no_ranges()
    {
        using var darkroom = new DarkroomClient(new HttpClient(new Scripted("0123456789")) { BaseAddress = new Uri("http://darkroom.test") });

        await using var rest = await darkroom.OpenImageAsync("job_1", 0, 4, Cancel);

        Assert.Equal("456789", await new StreamReader(rest).ReadToEndAsync(Cancel));
    }

    [Fact]
    public async Task A_read_is_repeated_when_darkroom_asks_to_wait_and_a_wrong_address_fails_at_once()
    {
        await using var host = await Api.ApiHost.StartAsync();
        using var darkroom = new DarkroomClient(new HttpClient(new BusyOnce(new SocketsHttpHandler())) { BaseAddress = host.Address, DefaultRequestHeaders = { { "Authorization", $"Bearer {Api.ApiHost.AdminKey}" } } });
        using var nobody = new DarkroomClient(new Uri("http://127.0.0.1:1"), "dk_x");

        Assert.Empty(await darkroom.ListJobsAsync(cancellationToken: Cancel).ToListAsync(Cancel));
        await Assert.ThrowsAsync<HttpRequestException>(() => nobody.GetJobAsync("job_1", Cancel));
    }

    sealed class LosesFirstAnswer(HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        bool lost;

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var answer = await base.SendAsync(request, cancellationToken);
            if (lost)
                return answer;
            lost = true;
            answer.Dispose();
            throw new HttpRequestException("The connection was lost.");
        }
    }

    sealed class BusyOnce(HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        int calls;

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => ++calls == 1
            ? new HttpResponseMessage(HttpStatusCode.ServiceUnavailable) { Headers = { { "Retry-After", "0" } }, RequestMessage = request }
            : await base.SendAsync(request, cancellationToken);
    }

    /// <summary>Answers with one body after the other, and the connection ends.</summary>
    sealed class Scripted(params string[] bodies) : HttpMessageHandler
    {
        public List<string?> LastEventIds { get; } = [];

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            LastEventIds.Add(request.Headers.TryGetValues("Last-Event-ID", out var id) ? id.Single() : null);
            return Task.FromResult(new HttpResponseMessage { Content = new StringContent(bodies[LastEventIds.Count - 1]) });
        }
    }
}
