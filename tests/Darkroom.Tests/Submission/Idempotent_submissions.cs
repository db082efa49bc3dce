using System.Net;
using Darkroom.Tests.Api;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Darkroom.Tests.Submission;

public sealed class Idempotent_submissions(ApiHost host) : IClassFixture<ApiHost>
{
    const string Cat = """{"model":"gpt-image-1.5","prompt":"a cat","metadata":{"a":"1","b":"2"},"not_before":"2120-01-31T12:00:00Z"}""";

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Fifty_concurrent_duplicates_lead_to_one_job_and_all_are_told_of_it()
    {
        for (var round = 0; round < 5; round++)
        {
            var key = $"fifty-{round}";
            var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => SubmitAsync(Cat, key)));

            Assert.All(answers, a => Assert.Equal(HttpStatusCode.Accepted, a.Status));
            Assert.Single(answers.Select(a => a.Id).Distinct());
            Assert.Single(answers, a => !a.Replayed);
        }
        await using var db = await host.DbAsync();
        Assert.Equal(5, await db.IdempotencyKeys.CountAsync(k => k.Key.StartsWith("fifty-"), Cancel));
    }

    [Fact]
    public async Task Of_concurrent_submissions_of_different_requests_one_wins_the_key_and_the_others_are_refused()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => SubmitAsync($$"""{"model":"gpt-image-1.5","prompt":"cat {{i}}"}""", "contested")));

        Assert.Single(answers, a => a.Status == HttpStatusCode.Accepted);
        Assert.All(answers.Where(a => a.Status != HttpStatusCode.Accepted), a => Assert.Equal("idempotency_key_reused", a.Code));
    }

    [Theory]
    [InlineData("""{"not_before":"2120-01-31T13:00:00.000+01:00","metadata":{"b":"2","a":"\u0031"},"prompt":"\u0061 cat","model":"gpt-image-1.5"}""")]
    [InlineData("""
        { "model" : "gpt-image-1.5", "prompt" : "a cat", "n" : 1, "quality" : "auto", "size" : null, "priority" : 5, "max_attempts" : 5,
          "metadata" : { "a" : "1", "b" : "2" }, "not_before" : "2120-01-31T12:00:00Z", "on_unknown" : "retry", "deadline" : null }
        """)]
    public async Task The_same_request_in_another_spelling_is_the_same_request(string spelling)
    {
        var key = Guid.NewGuid().ToString();
        var first = await SubmitAsync(Cat, key);

        var again = await SubmitAsync(spelling, key);

        Assert.Equal((HttpStatusCode.Accepted, first.Id, true), (again.Status, again.Id, again.Replayed));
    }

    [Theory]
    [InlineData("""{"model":"gpt-image-1.5","prompt":"a cat","metadata":{"a":"1","b":"3"},"not_before":"2120-01-31T12:00:00Z"}""")]
    [InlineData("""{"model":"gpt-image-1.5","prompt":"a cat ","metadata":{"a":"1","b":"2"},"not_before":"2120-01-31T12:00:00Z"}""")]
    [InlineData("""{"model":"gpt-image-1.5","prompt":"a cat","metadata":{"a":"1","b":"2"},"not_before":"2120-01-31T12:00:01Z"}""")]
    [InlineData("""{"model":"gpt-image-1.5","prompt":"a cat","metadata":{"a":"1","b":"2"},"not_before":"2120-01-31T12:00:00Z","n":2}""")]
    public async Task Another_request_under_the_same_key_is_a_409_and_stores_nothing(string other)
    {
        var key = Guid.NewGuid().ToString();
        await SubmitAsync(Cat, key);
        await using var db = await host.DbAsync();
        var before = await db.Jobs.CountAsync(j => j.Prompt.StartsWith("a cat"), Cancel);

        var answer = await SubmitAsync(other, key);

        Assert.Equal((HttpStatusCode.Conflict, "idempotency_key_reused"), (answer.Status, answer.Code));
        await using var after = await host.DbAsync();
        Assert.False(await after.Jobs.AnyAsync(j => j.N == 2 && j.Prompt == "a cat", Cancel));
        Assert.True(before > 0);
    }

    [Fact]
    public async Task Projects_do_not_share_keys()
    {
        var (other, _, _) = await host.AddKeyAsync();
        using var client = host.ClientWith(other);

        var mine = await SubmitAsync(Cat, "shared");
        var theirs = await SubmitAsync(Cat, "shared", client);

        Assert.NotEqual(mine.Id, theirs.Id);
        Assert.False(theirs.Replayed);
    }

    [Fact]
    public async Task A_key_is_free_again_after_24_hours()
    {
        await using var aging = await ApiHost.StartAsync();
        var first = await SubmitAsync(Cat, "yesterday", aging.Admin);
        await aging.Database.ShiftClockAsync(TimeSpan.FromHours(24) - TimeSpan.FromMinutes(1));
        var replay = await SubmitAsync(Cat, "yesterday", aging.Admin);
        await aging.Database.ShiftClockAsync(TimeSpan.FromHours(24) + TimeSpan.FromMinutes(1));

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => SubmitAsync("""{"model":"gpt-image-1","prompt":"a dog"}""", "yesterday", aging.Admin)));

        Assert.Equal((first.Id, true), (replay.Id, replay.Replayed));
        Assert.Single(answers.Select(a => a.Id).Distinct());
        Assert.NotEqual(first.Id, answers[0].Id);
        Assert.Single(answers, a => !a.Replayed);
    }

    [Fact]
    public async Task Expired_keys_are_forgotten_as_new_ones_come()
    {
        await using var aging = await ApiHost.StartAsync();
        for (var i = 0; i < 6; i++)
            await SubmitAsync(Cat, $"old-{i}", aging.Admin);
        await aging.Database.ShiftClockAsync(TimeSpan.FromHours(25));

        await Task.WhenAll(Enumerable.Range(0, 4).Select(i => SubmitAsync(Cat, $"new-{i}", aging.Admin)));
        await SubmitAsync(Cat, "last", aging.Admin);

        await using var db = await aging.DbAsync();
        Assert.Equal(["last", "new-0", "new-1", "new-2", "new-3"], await db.IdempotencyKeys.OrderBy(k => k.Key).Select(k => k.Key).ToListAsync(Cancel));
    }

    [Fact]
    public async Task A_repeat_is_recognised_even_when_its_deadline_has_passed_since()
    {
        await using var later = await ApiHost.StartAsync();
        var body = $$"""{"model":"gpt-image-1.5","prompt":"a cat","deadline":"{{later.Clock.GetUtcNow().AddMinutes(1):O}}"}""";
        var first = await SubmitAsync(body, "in-time", later.Admin);
        later.Clock.Advance(TimeSpan.FromMinutes(2));

        var again = await SubmitAsync(body, "in-time", later.Admin);
        var late = await SubmitAsync(body, "too-late", later.Admin);

        Assert.Equal((HttpStatusCode.Accepted, first.Id), (again.Status, again.Id));
        Assert.Equal((HttpStatusCode.BadRequest, "invalid_value"), (late.Status, late.Code));
    }

    Task<Answer> SubmitAsync(string body, string key) => SubmitAsync(body, key, host.Admin);

    static async Task<Answer> SubmitAsync(string body, string key, HttpClient client)
    {
        using var response = await client.PostJsonAsync("/v1/jobs", body, key);
        var json = await response.JsonAsync();
        var replayed = response.Headers.TryGetValues("Idempotency-Replayed", out var values) && values.Single() == "true";
        return response.StatusCode == HttpStatusCode.Accepted
            ? new(response.StatusCode, json.GetProperty("id").GetString(), null, replayed)
            : new(response.StatusCode, null, json.GetProperty("error").GetProperty("code").GetString(), replayed);
    }

    sealed record Answer(HttpStatusCode Status, string? Id, string? Code, bool Replayed);
}
