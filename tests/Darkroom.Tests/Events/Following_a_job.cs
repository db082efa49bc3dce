using System.Net;
using System.Text.Json;
using Darkroom.Migrations.Rows;
using Darkroom.Tests.Api;
using Darkroom.Worker.Jobs;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Darkroom.Tests.Events;

public sealed class Following_a_job(ApiHost host) : IClassFixture<ApiHost>
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    JobTransitions Transitions => host.Services.GetRequiredService<JobTransitions>();

    [Fact]
    public async Task Tells_its_state_then_each_change_and_ends_with_the_last()
    {
        var (project, job) = await SubmitAsync();
        using var stream = await OpenAsync(job);
        Assert.Equal(("text/event-stream", "no-store"), (stream.ContentType, stream.CacheControl));
        var first = await stream.NextAsync();
        Assert.Equal(("job", "0", "queued"), (first.Name, first.Id, first.Status));

        await Transitions.CancelAsync(project, Id(job), Ct);

        var last = await stream.NextAsync();
        Assert.Equal(("job", "canceled", job), (last.Name, last.Status, last.Data.GetProperty("job_id").GetString()));
        Assert.Equal(last.Id, last.Data.GetProperty("id").GetString());
        Assert.Equal(["id", "job_id", "batch_id", "status", "at"], last.Data.EnumerateObject().Select(p => p.Name));
        Assert.Null(await stream.EndAsync());
    }

    [Fact]
    public async Task Goes_on_where_a_listener_left_off()
    {
        var (project, job) = await SubmitAsync();
        await SetAsync(job, JobStatus.Failed);
        using var cut = await OpenAsync(job);
        var seen = await cut.NextAsync();
        Assert.Equal("failed", seen.Status);
        await Transitions.RetryAsync(project, Id(job), Ct);
        await Transitions.CancelAsync(project, Id(job), Ct);

        using var again = await OpenAsync(job, seen.Id);

        Assert.Equal("queued", (await again.NextAsync()).Status);
        Assert.Equal("canceled", (await again.NextAsync()).Status);
        Assert.Null(await again.EndAsync());
    }

    [Fact]
    public async Task Tells_a_browser_that_has_seen_the_end_to_stop_connecting()
    {
        var (project, job) = await SubmitAsync();
        await Transitions.CancelAsync(project, Id(job), Ct);
        using var stream = await OpenAsync(job);
        var end = await stream.NextAsync();

        using var again = await SendAsync(job, end.Id);
        using var other = await OpenAsync(job, "of-another-server");

        Assert.Equal(HttpStatusCode.NoContent, again.StatusCode);
        Assert.Equal("canceled", (await other.NextAsync()).Status);
    }

    [Fact]
    public async Task Keeps_the_connection_busy_while_nothing_happens()
    {
        var (_, job) = await SubmitAsync();
        using var stream = await OpenAsync(job);
        await stream.NextAsync();

        var comment = stream.CommentAsync();
        while (!comment.IsCompleted)
        {
            host.Clock.Advance(TimeSpan.FromSeconds(15));
            await Task.WhenAny(comment, Task.Delay(10, Ct));
        }

        Assert.Equal(":", await comment);
    }

    [Fact]
    public async Task Ends_when_its_key_is_revoked_and_tells_nothing_more()
    {
        var (project, job) = await SubmitAsync();
        var (key, keyId, _) = await host.AddKeyAsync(project, "read");
        using var client = host.ClientWith(key);
        using var stream = await EventReader.OfAsync(await SendAsync(job, client: client));
        await stream.NextAsync();

        await using (var db = await host.DbAsync())
            await db.ApiKeys.Where(k => k.Id == keyId).ExecuteUpdateAsync(set => set.SetProperty(k => k.RevokedAt, DateTimeOffset.UnixEpoch), Ct);
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        await Transitions.CancelAsync(project, Id(job), Ct);

        Assert.Null(await stream.EndAsync());
    }

    [Fact]
    public async Task Is_for_the_job_s_own_project()
    {
        var (_, job) = await SubmitAsync();
        var (key, _, _) = await host.AddKeyAsync();
        using var stranger = host.ClientWith(key);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/jobs/{job}/events");
        using var answer = await stranger.SendAsync(request, Ct);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    async Task<(Guid Project, string Job)> SubmitAsync()
    {
        using var answer = await host.Admin.PostJsonAsync("/v1/jobs", """{"model":"gpt-image-1.5","prompt":"a cat"}""");
        return (await host.Database.DefaultProjectAsync(), (await answer.JsonAsync()).GetProperty("id").GetString()!);
    }

    async Task SetAsync(string job, string status)
    {
        await using var set = host.Database.DataSource.CreateCommand($"UPDATE darkroom.jobs SET status = '{status}' WHERE id = '{Id(job)}'");
        await set.ExecuteNonQueryAsync(Ct);
    }

    static Guid Id(string job) => Guid.ParseExact(job["job_".Length..], "n");

    Task<HttpResponseMessage> SendAsync(string job, string? lastEventId = null, HttpClient? client = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/jobs/{job}/events");
        if (lastEventId is not null)
            request.Headers.Add("Last-Event-ID", lastEventId);
        return (client ?? host.Admin).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Ct);
    }

    async Task<EventReader> OpenAsync(string job, string? lastEventId = null) => await EventReader.OfAsync(await SendAsync(job, lastEventId));
}
