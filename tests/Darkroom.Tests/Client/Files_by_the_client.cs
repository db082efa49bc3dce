using System.Net;
using System.Text;
using Darkroom.Client;
using Xunit;

namespace Darkroom.Tests.Client;

public sealed class Files_by_the_client
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
    public async Task A_download_goes_on_where_it_broke_off_also_through_a_server_that_knows_no_ranges()
    {
        using var darkroom = new DarkroomClient(new HttpClient(new ScriptedAnswers(new StringContent("0123456789"))) { BaseAddress = new Uri("http://darkroom.test") });

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
}
