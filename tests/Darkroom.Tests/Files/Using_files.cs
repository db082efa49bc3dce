using System.Net;
using System.Net.Http.Headers;
using Darkroom.Migrations.Rows;
using Darkroom.Tests.Api;
using Darkroom.Worker.Access;
using Darkroom.Worker.Api;
using Darkroom.Worker.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Darkroom.Tests.Files;

public sealed class Using_files : IAsyncLifetime
{
    ApiHost host = null!;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => host = await ApiHost.StartAsync();

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task A_list_goes_through_all_of_them_newest_or_oldest_first()
    {
        var ids = await UploadAsync(5);

        Assert.Equal(Enumerable.Reverse(ids), await PagesAsync(""));
        Assert.Equal(Enumerable.Reverse(ids), await PagesAsync("&order=desc&purpose=batch"));
        Assert.Equal(ids, await PagesAsync("&order=asc"));
        Assert.Empty(await PagesAsync("&purpose=batch_output"));
        Assert.Equal(ids, await PagesAsync("&order=asc&purpose=batch,batch_output"));
    }

    [Fact]
    public async Task A_list_goes_on_behind_a_file_that_was_deleted_meanwhile()
    {
        await UploadAsync(5);
        for (string after = "", id = ""; ; after = $"&after={id}")
        {
            var page = await host.Admin.GetJsonAsync($"/v1/files?limit=2{after}");
            foreach (var file in page.GetProperty("data").EnumerateArray())
                Assert.Equal(HttpStatusCode.OK, await StatusAsync(host.Admin, HttpMethod.Delete, $"/v1/files/{id = file.IdOf()}"));
            if (!page.GetProperty("has_more").GetBoolean())
                break;
        }

        Assert.Empty(await PagesAsync(""));
    }

    /// <summary>In a millisecond each, as their ids tell them apart.</summary>
    async Task<List<string>> UploadAsync(int count)
    {
        var ids = new List<string>();
        for (var i = 0; i < count; i++)
        {
            host.Clock.Advance(TimeSpan.FromMilliseconds(1));
            ids.Add((await host.Admin.UploadAsync($"{i}")).IdOf());
        }
        return ids;
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=10001", "limit")]
    [InlineData("after=batch_00000000000070008000000000000000", "after")]
    [InlineData("purpose=incoming", "purpose")]
    [InlineData("order=newest", "order")]
    [InlineData("purposes=batch", "purposes")]
    public async Task A_wrong_question_is_refused(string query, string param)
    {
        using var answer = await host.Admin.GetAsync(new Uri($"/v1/files?{query}", UriKind.Relative), Cancel);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(param, (await answer.JsonAsync()).GetProperty("error").GetProperty("param").GetString());
    }

    [Fact]
    public async Task Another_project_does_not_see_them()
    {
        var id = (await host.Admin.UploadAsync("{}")).IdOf();
        var (key, _, _) = await host.AddKeyAsync(null, "admin");
        using var other = host.ClientWith(key);

        Assert.Empty((await other.GetJsonAsync("/v1/files")).GetProperty("data").EnumerateArray());
        foreach (var (method, path) in new[] { (HttpMethod.Get, ""), (HttpMethod.Get, "/content"), (HttpMethod.Delete, "") })
            Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(other, method, $"/v1/files/{id}{path}"));
        Assert.Empty((await other.GetJsonAsync($"/v1/files?order=asc&after={id}")).GetProperty("data").EnumerateArray());
        Assert.Equal("{}", await host.Admin.GetStringAsync(new Uri($"/v1/files/{id}/content", UriKind.Relative), Cancel));
    }

    [Fact]
    public async Task A_download_is_resumable_and_names_the_file()
    {
        var id = (await host.Admin.UploadAsync("0123456789")).IdOf();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/files/{id}/content") { Headers = { Range = new RangeHeaderValue(4, 6) } };

        using var part = await host.Admin.SendAsync(request, Cancel);
        using var head = await host.Admin.SendAsync(new HttpRequestMessage(HttpMethod.Head, $"/v1/files/{id}/content"), Cancel);

        Assert.Equal((HttpStatusCode.PartialContent, "456"), (part.StatusCode, await part.Content.ReadAsStringAsync(Cancel)));
        Assert.Equal((HttpStatusCode.OK, 10, "application/jsonl"), (head.StatusCode, head.Content.Headers.ContentLength, head.Content.Headers.ContentType?.MediaType));
        Assert.Equal(("attachment", "lines.jsonl"), (head.Content.Headers.ContentDisposition?.DispositionType, head.Content.Headers.ContentDisposition?.FileName));
        Assert.NotNull(head.Headers.ETag);
    }

    [Fact]
    public async Task An_empty_file_downloads_as_an_empty_file()
    {
        var id = (await host.Admin.UploadAsync("")).IdOf();

        using var answer = await host.Admin.GetAsync(new Uri($"/v1/files/{id}/content", UriKind.Relative), Cancel);

        Assert.Equal((HttpStatusCode.OK, 0), (answer.StatusCode, answer.Content.Headers.ContentLength));
    }

    [Fact]
    public async Task A_signed_link_opens_the_bytes_and_nothing_else()
    {
        var id = (await host.Admin.UploadAsync("{}")).IdOf();
        var link = await host.Services.GetRequiredService<SignedLinks>().CreateAsync($"/v1/files/{id}/content", TimeSpan.FromMinutes(5), Cancel);
        using var stranger = host.ClientWith(null);

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(stranger, HttpMethod.Get, link));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(stranger, HttpMethod.Get, link.Replace("/content", "", StringComparison.Ordinal)));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(stranger, HttpMethod.Get, $"/v1/files/{id}/content"));
    }

    [Fact]
    public async Task A_deleted_file_is_gone_with_its_bytes()
    {
        var id = (await host.Admin.UploadAsync("{}")).IdOf();
        var key = await KeyOfAsync(id);

        using var answer = await host.Admin.DeleteAsync(new Uri($"/v1/files/{id}", UriKind.Relative), Cancel);

        var deleted = await answer.JsonAsync();
        Assert.Equal((id, "file", true), (deleted.IdOf(), deleted.GetProperty("object").GetString(), deleted.GetProperty("deleted").GetBoolean()));
        foreach (var (method, path) in new[] { (HttpMethod.Get, ""), (HttpMethod.Get, "/content"), (HttpMethod.Delete, "") })
            Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(host.Admin, method, $"/v1/files/{id}{path}"));
        Assert.Null((await host.Services.GetRequiredService<IImageStore>().OpenReadAsync(key, 0, null, Cancel)).Value);
        Assert.Empty((await host.Admin.GetJsonAsync("/v1/files")).GetProperty("data").EnumerateArray());
    }

    [Fact]
    public async Task A_file_whose_lines_are_being_read_stays_until_they_are()
    {
        var id = (await host.Admin.UploadAsync("{}", ("expires_after[anchor]", "created_at"), ("expires_after[seconds]", "3600"))).IdOf();
        var batch = await AddBatchAsync(id, BatchStatus.Validating);
        var files = host.Services.GetRequiredService<Worker.Files.StoredFiles>();

        Assert.Equal(HttpStatusCode.Conflict, await StatusAsync(host.Admin, HttpMethod.Delete, $"/v1/files/{id}"));
        await host.Database.ShiftClockAsync(TimeSpan.FromHours(2));
        await files.RemoveExpiredAsync(Cancel);
        await using (var db = await host.DbAsync())
        {
            Assert.Single(await db.Files.ToListAsync(Cancel));
            await db.Batches.Where(b => b.Id == batch).ExecuteUpdateAsync(set => set.SetProperty(b => b.Status, BatchStatus.InProgress), Cancel);
        }

        await files.RemoveExpiredAsync(Cancel);

        await using var after = await host.DbAsync();
        Assert.Empty(await after.Files.ToListAsync(Cancel));
    }

    [Fact]
    public async Task An_expired_file_is_not_there_and_the_sweep_removes_its_bytes()
    {
        var kept = (await host.Admin.UploadAsync("kept")).IdOf();
        var id = (await host.Admin.UploadAsync("{}", ("expires_after[anchor]", "created_at"), ("expires_after[seconds]", "3600"))).IdOf();
        var key = await KeyOfAsync(id);
        await host.Database.ShiftClockAsync(TimeSpan.FromHours(1));

        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(host.Admin, HttpMethod.Get, $"/v1/files/{id}"));
        Assert.Equal([kept], await PagesAsync(""));
        Assert.False(await host.Services.GetRequiredService<Worker.Files.StoredFiles>().RemoveExpiredAsync(Cancel));

        Assert.Null((await host.Services.GetRequiredService<IImageStore>().OpenReadAsync(key, 0, null, Cancel)).Value);
        await using var db = await host.DbAsync();
        Assert.Single(await db.Files.ToListAsync(Cancel));
    }

    async Task<List<string>> PagesAsync(string query)
    {
        var ids = new List<string>();
        for (var after = ""; ;)
        {
            var page = await host.Admin.GetJsonAsync($"/v1/files?limit=2{query}{after}");
            ids.AddRange(page.GetProperty("data").EnumerateArray().Select(f => f.IdOf()));
            if (!page.GetProperty("has_more").GetBoolean())
                return ids;
            after = $"&after={page.GetProperty("last_id").GetString()}";
        }
    }

    async Task<FileKey> KeyOfAsync(string id)
    {
        Assert.True(WireId.File.TryParse(id, out var fileId));
        await using var db = await host.DbAsync();
        var row = await db.Files.SingleAsync(f => f.Id == fileId, Cancel);
        return new FileKey(row.ProjectId, row.Id, row.Sha256);
    }

    async Task<Guid> AddBatchAsync(string file, string status)
    {
        Assert.True(WireId.File.TryParse(file, out var fileId));
        await using var db = await host.DbAsync();
        var batch = new Batch
        {
            Id = Guid.CreateVersion7(),
            ProjectId = await host.Database.DefaultProjectAsync(),
            Status = status,
            InputFileId = fileId,
            CompletionWindow = "24h",
            OnUnknown = "retry",
            CreatedAt = DateTimeOffset.UtcNow,
            ExpiresAt = DateTimeOffset.UtcNow.AddDays(1),
        };
        db.Batches.Add(batch);
        await db.SaveChangesAsync(Cancel);
        return batch.Id;
    }

    static async Task<HttpStatusCode> StatusAsync(HttpClient client, HttpMethod method, string path)
    {
        using var request = new HttpRequestMessage(method, path);
        using var answer = await client.SendAsync(request, Cancel);
        return answer.StatusCode;
    }
}
