using System.Net;
using Darkroom.Client;
using Darkroom.Migrations.Rows;
using Darkroom.Simulator;
using Darkroom.Tests.Infrastructure;
using Xunit;
using Job = Darkroom.Client.Job;

namespace Darkroom.Tests.Client;

public sealed class The_typed_client
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_submits_watches_downloads_and_accounts_on_a_whole_worker()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var endpoint = await SimulatorHost.StartAsync(o => (o.LatencyScale, o.MinPictureBytes, o.MaxPictureBytes) = (0, 0, 0));
        await using var worker = await TestWorker.StartAsync(database, endpoint);
        using var darkroom = new DarkroomClient(worker.Address, TestWorker.AdminKey);

        var submitted = await darkroom.SubmitAsync(new() { Model = "gpt-image-1.5", Prompt = "a red door", N = 2, Quality = "low", CustomId = "door" }, cancellationToken: Cancel);
        Assert.True(Worker.Api.WireId.Job.TryParse(submitted.Id, out var id));
        await new Rows(database).WaitForAsync([id], [JobStatus.Succeeded], Cancel);
        var job = await darkroom.GetJobAsync(submitted.Id, Cancel);

        Assert.Equal(("door", "a red door", 2), (job.CustomId, job.Prompt, job.Images.Count));
        await using (var picture = await darkroom.OpenImageAsync(job.Id, 1, Cancel))
        {
            var hash = await System.Security.Cryptography.SHA256.HashDataAsync(picture, Cancel);
            Assert.Equal(job.Images[1].Sha256, Convert.ToHexStringLower(hash));
        }
        Assert.Equal(job.Id, Assert.Single(await darkroom.ListJobsAsync([("custom_id", "door"), ("status", "succeeded,failed")], Cancel).ToListAsync(Cancel)).Id);
        var attempt = Assert.Single(await darkroom.ListAttemptsAsync(job.Id, Cancel).ToListAsync(Cancel));
        Assert.Equal((job.Cost.Amount, job.Usage?.GetRawText()), (attempt.Cost.Amount, attempt.Usage?.GetRawText()));
        var line = Assert.Single(await darkroom.UsageAsync(["model", "quality"], Cancel).ToListAsync(Cancel));
        Assert.Equal(("gpt-image-1.5", "low", 2L, job.Cost.Amount), (line.Model, line.Quality, line.Images, line.Cost.Amount));
    }

    [Fact]
    public async Task A_refusal_is_an_exception_with_the_workers_own_words()
    {
        await using var host = await Api.ApiHost.StartAsync();
        using var darkroom = new DarkroomClient(host.Address, Api.ApiHost.AdminKey);

        var refusal = await Assert.ThrowsAsync<DarkroomException>(() => darkroom.SubmitAsync(new() { Model = "x", Prompt = "" }, cancellationToken: Cancel));

        Assert.Equal((HttpStatusCode.BadRequest, "model_not_found"), (refusal.Status, refusal.Error.Code));
        Assert.Equal(["model", "prompt"], refusal.Error.Errors!.Select(e => e.Param));
        var missing = await Assert.ThrowsAsync<DarkroomException>(() => darkroom.CancelJobAsync("job_x", Cancel));
        Assert.Equal(HttpStatusCode.NotFound, missing.Status);
    }

    [Fact]
    public async Task All_fields_of_a_submission_arrive_and_cancel_and_retry_answer_with_the_job()
    {
        await using var host = await Api.ApiHost.StartAsync();
        using var darkroom = new DarkroomClient(host.Address, Api.ApiHost.AdminKey);
        var later = host.Clock.GetUtcNow().AddHours(1);

        var job = await darkroom.SubmitAsync(new()
        {
            Model = "gpt-image-1",
            Prompt = "a cat",
            Quality = "high",
            N = 10,
            Size = "1536x1024",
            CustomId = "c",
            Metadata = new Dictionary<string, string> { ["k"] = "v" },
            Priority = 0,
            NotBefore = later,
            Deadline = later.AddHours(1),
            MaxAttempts = 1,
            MaxUnknownAttempts = 1,
            OnUnknown = "hold",
            WebhookUrl = "https://example.com/",
            WebhookEvents = ["job.failed"],
        }, cancellationToken: Cancel);
        var canceled = await darkroom.CancelJobAsync(job.Id, Cancel);

        Assert.Equal((10, "1536x1024", 0, "https://example.com/"), (job.N, job.Size, job.Priority, job.WebhookUrl));
        Assert.Equal(later.ToUnixTimeSeconds(), job.DueAt.ToUnixTimeSeconds());
        Assert.Equal(["v"], job.Metadata.Values);
        Assert.Equal("canceled", canceled.Status);
        var conflict = await Assert.ThrowsAsync<DarkroomException>(() => darkroom.RetryJobAsync(job.Id, Cancel));
        Assert.Equal("job_already_canceled", conflict.Error.Code);
    }

    [Theory]
    [InlineData(false, null)]
    [InlineData(true, HttpRequestError.ResponseEnded)]
    [InlineData(true, null)]
    public async Task A_submission_whose_answer_was_lost_or_broke_off_is_sent_again_and_stays_one_job(bool inBody, HttpRequestError? known)
    {
        await using var host = await Api.ApiHost.StartAsync();
        var unlucky = new LosesFirstAnswer(inBody, known is { } error ? new HttpIOException(error) : new IOException("Connection reset by peer"));
        using var http = new HttpClient(unlucky) { BaseAddress = host.Address };
        http.DefaultRequestHeaders.Authorization = new("Bearer", Api.ApiHost.AdminKey);
        using var darkroom = new DarkroomClient(http);

        var job = await darkroom.SubmitAsync(new() { Model = "gpt-image-1", Prompt = "a cat" }, cancellationToken: Cancel);

        Assert.Equal(2, unlucky.Calls);
        Assert.Equal(job.Id, Assert.Single(await darkroom.ListJobsAsync(cancellationToken: Cancel).ToListAsync(Cancel)).Id);
    }

    [Fact]
    public async Task Lists_are_read_to_their_end()
    {
        await using var host = await Api.ApiHost.StartAsync();
        using var darkroom = new DarkroomClient(host.Address, Api.ApiHost.AdminKey);
        var rows = new Rows(host.Database);
        await using (var db = rows.CreateDbContext())
        {
            var project = await host.Database.DefaultProjectAsync();
            db.Jobs.AddRange(Enumerable.Range(0, 205).Select(_ => rows.NewJob(project)));
            await db.SaveChangesAsync(Cancel);
        }

        List<Job> jobs = await darkroom.ListJobsAsync(cancellationToken: Cancel).ToListAsync(Cancel);

        Assert.Equal(205, jobs.Select(j => j.Id).Distinct().Count());
    }

    /// <param name="inBody">Headers and half of the body come.</param>
    sealed class LosesFirstAnswer(bool inBody, IOException reason) : DelegatingHandler(new SocketsHttpHandler())
    {
        public int Calls { get; private set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var answer = await base.SendAsync(request, cancellationToken);
            if (request.Method == HttpMethod.Get || ++Calls > 1)
                return answer;
            if (!inBody)
                throw new HttpRequestException("The connection was lost.", reason);
            var body = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
            answer.Content = new StreamContent(new BrokenStream(body[..(body.Length / 2)], reason));
            return answer;
        }
    }
}
