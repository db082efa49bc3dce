using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Darkroom.Migrations.Rows;
using Darkroom.Tests.Api;
using Darkroom.Worker.Access;
using Darkroom.Worker.Api;
using Darkroom.Worker.Storage;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Darkroom.Tests.Jobs;

public sealed class Sending_pictures(ApiHost host) : IClassFixture<ApiHost>
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_picture_comes_whole_with_what_a_cache_and_a_browser_need()
    {
        var picture = await StoredAsync();

        using var answer = await AskAsync(picture.Path);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(picture.Bytes, await answer.Content.ReadAsByteArrayAsync(Cancel));
        Assert.Equal(("image/png", picture.Bytes.Length), (answer.Content.Headers.ContentType?.ToString(), answer.Content.Headers.ContentLength));
        Assert.Equal($"\"{Convert.ToHexStringLower(SHA256.HashData(picture.Bytes))}\"", answer.Headers.ETag?.ToString());
        Assert.Equal(("bytes", true), (answer.Headers.AcceptRanges.Single(), answer.Headers.CacheControl?.Private));
        Assert.Contains("immutable", answer.Headers.CacheControl?.ToString(), StringComparison.Ordinal);
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
    }

    [Fact]
    public async Task HEAD_answers_the_same_without_the_bytes()
    {
        var picture = await StoredAsync();

        using var answer = await AskAsync(picture.Path, HttpMethod.Head);

        Assert.Equal((HttpStatusCode.OK, picture.Bytes.Length), (answer.StatusCode, answer.Content.Headers.ContentLength));
        Assert.Empty(await answer.Content.ReadAsByteArrayAsync(Cancel));
    }

    [Theory]
    [InlineData("bytes=0-0", 0, 1)]
    [InlineData("bytes=10-19", 10, 10)]
    [InlineData("bytes=199999-", 199_999, 1)]
    [InlineData("bytes=-5", 199_995, 5)]
    [InlineData("bytes=-999999", 0, 200_000)]
    [InlineData("bytes=100000-999999", 100_000, 100_000)]
    public async Task A_range_is_that_part_of_the_picture(string range, int from, int length)
    {
        var picture = await StoredAsync();

        using var answer = await AskAsync(picture.Path, headers: ("Range", range));

        Assert.Equal(HttpStatusCode.PartialContent, answer.StatusCode);
        Assert.Equal($"bytes {from}-{from + length - 1}/200000", answer.Content.Headers.ContentRange?.ToString());
        Assert.Equal(picture.Bytes[from..(from + length)], await answer.Content.ReadAsByteArrayAsync(Cancel));
    }

    [Theory]
    [InlineData("bytes=200000-")]
    [InlineData("bytes=-0")]
    public async Task A_range_beyond_the_end_is_a_416_that_tells_the_length(string range)
    {
        var picture = await StoredAsync();

        using var answer = await AskAsync(picture.Path, headers: ("Range", range));

        Assert.Equal((HttpStatusCode.RequestedRangeNotSatisfiable, "bytes */200000"), (answer.StatusCode, answer.Content.Headers.ContentRange?.ToString()));
        Assert.Equal("range_not_satisfiable", (await answer.JsonAsync()).GetProperty("error").GetProperty("code").GetString());
    }

    [Theory]
    [InlineData("bytes=0-1,5-6")]
    [InlineData("lines=0-1")]
    [InlineData("bytes=5-1")]
    [InlineData("bytes=x")]
    public async Task Other_ranges_are_answered_with_the_whole(string range)
    {
        var picture = await StoredAsync();

        using var answer = await AskAsync(picture.Path, headers: ("Range", range));

        Assert.Equal((HttpStatusCode.OK, 200_000), (answer.StatusCode, answer.Content.Headers.ContentLength));
    }

    [Fact]
    public async Task A_download_is_resumed_only_of_the_same_picture()
    {
        var picture = await StoredAsync();

        using var same = await AskAsync(picture.Path, headers: [("Range", "bytes=5-"), ("If-Range", picture.Tag)]);
        using var other = await AskAsync(picture.Path, headers: [("Range", "bytes=5-"), ("If-Range", "\"other\"")]);
        using var weak = await AskAsync(picture.Path, headers: [("Range", "bytes=5-"), ("If-Range", $"W/{picture.Tag}")]);

        Assert.Equal(HttpStatusCode.PartialContent, same.StatusCode);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (other.StatusCode, weak.StatusCode));
    }

    [Fact]
    public async Task A_picture_that_the_caller_has_is_a_304()
    {
        var picture = await StoredAsync();

        using var had = await AskAsync(picture.Path, headers: ("If-None-Match", $"\"x\", W/{picture.Tag}"));
        using var any = await AskAsync(picture.Path, headers: ("If-None-Match", "*"));
        using var not = await AskAsync(picture.Path, headers: ("If-None-Match", "\"x\""));

        Assert.Equal((HttpStatusCode.NotModified, picture.Tag), (had.StatusCode, had.Headers.ETag?.ToString()));
        Assert.Equal((HttpStatusCode.NotModified, HttpStatusCode.OK), (any.StatusCode, not.StatusCode));
    }

    [Fact]
    public async Task A_picture_that_never_was_is_a_404_and_one_that_the_store_lost_is_a_410_in_words()
    {
        var picture = await StoredAsync();
        await host.Services.GetRequiredService<IImageStore>().DeleteAsync(picture.Key, Cancel);

        using var lost = await AskAsync(picture.Path);
        using var never = await AskAsync(picture.Path[..^1] + "1");

        Assert.Equal(HttpStatusCode.Gone, lost.StatusCode);
        Assert.Contains("no longer in the store", (await lost.JsonAsync()).GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, never.StatusCode);
        Assert.Contains("has no picture 1", (await never.JsonAsync()).GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_key_of_another_project_does_not_find_the_picture()
    {
        var picture = await StoredAsync();
        var (key, _, _) = await host.AddKeyAsync(null, "admin");
        using var other = host.ClientWith(key);

        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(other, picture.Path));
    }

    [Fact]
    public async Task A_signed_link_opens_its_picture_and_nothing_else_until_it_expires()
    {
        var picture = await StoredAsync();
        var link = await host.Services.GetRequiredService<SignedLinks>().CreateAsync(picture.Path, TimeSpan.FromMinutes(5), Cancel);
        using var stranger = host.ClientWith(null);

        Assert.Matches(@"^/v1/jobs/job_[0-9a-f]{32}/images/0\?exp=[0-9]+&sig=[A-Za-z0-9_-]{43}$", link);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(stranger, link));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(stranger, link.Replace("images/0", "images/1", StringComparison.Ordinal)));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(stranger, link.Replace("exp=", "exp=1", StringComparison.Ordinal)));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(stranger, link[..^1]));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(stranger, link + "A"));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(stranger, $"{picture.Path}?sig=x"));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(stranger, picture.Path));
        // The signature is of the picture's path: the job itself stays closed.
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(stranger, link.Replace("/images/0", "", StringComparison.Ordinal)));

        host.Clock.Advance(TimeSpan.FromMinutes(5));
        using var expired = await stranger.GetAsync(new Uri(link, UriKind.Relative), Cancel);
        Assert.Equal(HttpStatusCode.Unauthorized, expired.StatusCode);
        Assert.Contains("expired", (await expired.JsonAsync()).GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_node_honours_the_links_of_every_other()
    {
        var picture = await StoredAsync();
        var other = new SignedLinks(new Infrastructure.Rows(host.Database), host.Clock);

        var link = await other.CreateAsync(picture.Path, SignedLinks.DefaultLifetime, Cancel);

        using var stranger = host.ClientWith(null);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(stranger, link));
    }

    async Task<(string Path, byte[] Bytes, string Tag, ImageKey Key)> StoredAsync()
    {
        var bytes = RandomNumberGenerator.GetBytes(200_000);
        var (project, id, attempt) = (await host.Database.DefaultProjectAsync(), Guid.CreateVersion7(), Guid.CreateVersion7());
        var key = new ImageKey(project, id, attempt, 0, "png");
        var file = Path.GetTempFileName();
        await File.WriteAllBytesAsync(file, bytes, Cancel);
        var stored = await host.Services.GetRequiredService<IImageStore>().PutAsync(key, file, new(bytes.Length, SHA256.HashData(bytes)), Cancel);
        Assert.Null(stored.Failure);
        File.Delete(file);

        var rows = new Infrastructure.Rows(host.Database);
        await rows.AddAsync(new Job
        {
            Id = id,
            ProjectId = project,
            Endpoint = "default",
            Model = "m",
            Prompt = "a cat",
            Quality = "auto",
            N = 1,
            Size = "auto",
            OnUnknown = "retry",
            Status = JobStatus.Succeeded,
            DueAt = DateTimeOffset.UnixEpoch,
            CreatedAt = DateTimeOffset.UnixEpoch,
            Images =
            [
                new()
                {
                    JobId = id, Index = 0, AttemptId = attempt, Extension = "png", ContentType = "image/png", Bytes = bytes.Length,
                    Sha256 = SHA256.HashData(bytes), Crc32 = 0, Width = 1, Height = 1,
                },
            ],
        });
        return ($"/v1/jobs/{WireId.Job.Format(id)}/images/0", bytes, $"\"{Convert.ToHexStringLower(SHA256.HashData(bytes))}\"", key);
    }

    async Task<HttpResponseMessage> AskAsync(string path, HttpMethod? method = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method ?? HttpMethod.Get, path);
        foreach (var (name, value) in headers)
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        return await host.Admin.SendAsync(request, Cancel);
    }

    static async Task<HttpStatusCode> StatusAsync(HttpClient client, string path)
    {
        using var answer = await client.GetAsync(new Uri(path, UriKind.Relative), Cancel);
        return answer.StatusCode;
    }
}
