using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Darkroom.Tests.Api;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Darkroom.Tests.Files;

public sealed class Uploading_a_file : IAsyncLifetime
{
    ApiHost host = null!;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => host = await ApiHost.StartAsync(("Darkroom:Files:MaxBytes", "1000000"));

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task It_is_told_as_OpenAI_tells_it_and_reads_back_byte_for_byte()
    {
        var bytes = RandomNumberGenerator.GetBytes(1_000_000);
        using var form = TestUpload.Form(bytes, filename: "prompts.jsonl");

        using var answer = await host.Admin.UploadAsync(form);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var file = await answer.JsonAsync();
        Assert.Equal(
            ["bytes", "created_at", "expires_at", "filename", "id", "object", "purpose", "status", "status_details"],
            file.EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal));
        Assert.Matches("^file-[0-9a-f]{32}$", file.IdOf());
        Assert.Equal(("file", 1_000_000, "prompts.jsonl", "batch", "processed"), (
            file.GetProperty("object").GetString(), file.GetProperty("bytes").GetInt32(), file.GetProperty("filename").GetString(),
            file.GetProperty("purpose").GetString(), file.GetProperty("status").GetString()));
        Assert.Equal((JsonValueKind.Null, JsonValueKind.Null), (file.GetProperty("expires_at").ValueKind, file.GetProperty("status_details").ValueKind));
        Assert.Equal(bytes, await host.Admin.GetByteArrayAsync(new Uri($"/v1/files/{file.IdOf()}/content", UriKind.Relative), Cancel));
        Assert.Equal(file.ToString(), (await host.Admin.GetJsonAsync($"/v1/files/{file.IdOf()}")).ToString());
        Assert.Empty(Directory.EnumerateFiles(host.DraftPath));
    }

    [Fact]
    public async Task Its_parts_may_come_in_any_order_and_without_quotes()
    {
        const string Body = "--b\r\ncontent-disposition: form-data; name=file; filename=a.jsonl\r\n\r\n{}\r\n--b\r\n" +
            "Content-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n--b--\r\n";

        using var answer = await SendAsync(Body, "multipart/form-data; boundary=\"b\"");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(2, (await answer.JsonAsync()).GetProperty("bytes").GetInt32());
    }

    [Fact]
    public async Task It_may_be_given_a_time_to_live()
    {
        var file = await host.Admin.UploadAsync("{}", ("expires_after[anchor]", "created_at"), ("expires_after[seconds]", "7200"));

        Assert.Equal(7200, file.GetProperty("expires_at").GetInt64() - file.GetProperty("created_at").GetInt64());
    }

    [Theory]
    [InlineData(@"C:\me\lines.jsonl", "lines.jsonl")]
    [InlineData("../../etc/passwd", "passwd")]
    [InlineData("ünï.jsonl", "ünï.jsonl")]
    [InlineData("/", "upload.jsonl")]
    public async Task Its_name_is_kept_without_folders(string given, string kept)
    {
        using var form = TestUpload.Form("{}"u8.ToArray(), filename: given);

        using var answer = await host.Admin.UploadAsync(form);

        Assert.Equal(kept, (await answer.JsonAsync()).GetProperty("filename").GetString());
    }

    [Theory]
    [InlineData(null, true, "purpose", "missing_required_parameter")]
    [InlineData("assistants", true, "purpose", "invalid_value")]
    [InlineData("batch_output", true, "purpose", "invalid_value")]
    [InlineData("batch", false, "file", "missing_required_parameter")]
    [InlineData("batch", true, "porpose", "unknown_parameter", "porpose", "x")]
    [InlineData("batch", true, "purpose", "duplicate_parameter", "purpose", "batch")]
    [InlineData("batch", true, "expires_after[anchor]", "invalid_value", "expires_after[seconds]", "3600")]
    [InlineData("batch", true, "expires_after[seconds]", "invalid_value", "expires_after[anchor]", "created_at")]
    [InlineData("batch", true, "expires_after[seconds]", "invalid_value", "expires_after[anchor]", "created_at", "expires_after[seconds]", "3599")]
    [InlineData("batch", true, "expires_after[seconds]", "invalid_value", "expires_after[anchor]", "created_at", "expires_after[seconds]", "2592001")]
    [InlineData("batch", true, "expires_after[seconds]", "invalid_value", "expires_after[anchor]", "created_at", "expires_after[seconds]", "-1")]
    public async Task What_is_wrong_is_named_and_nothing_is_kept(string? purpose, bool file, string param, string code, params string[] fields)
    {
        using var form = TestUpload.Form(file ? "{}"u8.ToArray() : null, purpose, fields: [.. fields.Chunk(2).Select(pair => (pair[0], pair[1]))]);

        using var answer = await host.Admin.UploadAsync(form);

        await RefusedAsync(answer, HttpStatusCode.BadRequest, code, param);
    }

    [Theory]
    [InlineData("application/json", "{}", HttpStatusCode.UnsupportedMediaType, "unsupported_media_type")]
    [InlineData("multipart/form-data", "--b", HttpStatusCode.BadRequest, "invalid_multipart")]
    [InlineData("multipart/form-data; boundary=b", "--c\r\n\r\n", HttpStatusCode.BadRequest, "invalid_multipart")]
    [InlineData("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=file\r\n\r\n{}", HttpStatusCode.BadRequest, "invalid_multipart")]
    [InlineData("multipart/form-data; boundary=b", "--b\r\nno header\r\n\r\n{}\r\n--b--\r\n", HttpStatusCode.BadRequest, "invalid_multipart")]
    [InlineData("multipart/form-data; boundary=b", "--b\r\nX-Part: 1\r\n\r\n{}\r\n--b--\r\n", HttpStatusCode.BadRequest, "invalid_multipart")]
    public async Task A_body_that_is_no_upload_is_refused(string type, string body, HttpStatusCode status, string code)
    {
        using var answer = await SendAsync(body, type);

        await RefusedAsync(answer, status, code, null);
    }

    [Theory]
    [InlineData(1_000_001, false)]
    [InlineData(1_000_001, true)]
    [InlineData(3_000_000, false)]
    [InlineData(3_000_000, true)]
    public async Task A_file_that_is_too_long_is_a_413_also_where_its_length_is_not_announced(int length, bool chunked)
    {
        using var form = TestUpload.Form(new byte[length]);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/files") { Content = form, Headers = { TransferEncodingChunked = chunked } };

        using var answer = await host.Admin.SendAsync(request, Cancel);

        await RefusedAsync(answer, HttpStatusCode.RequestEntityTooLarge, "file_too_large", "file");
    }

    [Fact]
    public async Task A_caller_that_goes_away_leaves_nothing()
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        Directory.CreateDirectory(host.DraftPath);
        using var watcher = new FileSystemWatcher(host.DraftPath);
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        watcher.Created += (_, _) => begun.TrySetResult();
        watcher.EnableRaisingEvents = true;
        var stream = new StalledStream();
        using var form = new MultipartFormDataContent { { new StringContent("batch"), "purpose" }, { new StreamContent(stream), "file", "a.jsonl" } };
        var upload = host.Admin.PostAsync(new Uri("/v1/files", UriKind.Relative), form, cancel.Token);
        await begun.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => upload);
        await host.StopAsync();
        Assert.Empty(Directory.EnumerateFiles(host.DraftPath));
        await using var db = new Infrastructure.Rows(host.Database).CreateDbContext();
        Assert.Empty(await db.Files.ToListAsync(Cancel));
    }

    async Task RefusedAsync(HttpResponseMessage answer, HttpStatusCode status, string code, string? param)
    {
        Assert.Equal(status, answer.StatusCode);
        var error = (await answer.JsonAsync()).GetProperty("error");
        Assert.Equal((code, param), (error.GetProperty("code").GetString(), error.GetProperty("param").GetString()));
        await using var db = await host.DbAsync();
        Assert.Empty(await db.Files.ToListAsync(Cancel));
        Assert.Empty(Directory.Exists(host.DraftPath) ? Directory.EnumerateFiles(host.DraftPath) : []);
    }

    async Task<HttpResponseMessage> SendAsync(string body, string type)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) { Headers = { ContentType = MediaTypeHeaderValue.Parse(type) } };
        return await host.Admin.UploadAsync(content);
    }

    /// <summary>Gives half a megabyte and then nothing, without ending.</summary>
    sealed class StalledStream : MemoryStream
    {
        int left = 500_000;

        public override bool CanSeek => false;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (left == 0)
                await Task.Delay(Timeout.Infinite, cancellationToken);
            var given = Math.Min(left, buffer.Length);
            left -= given;
            return given;
        }
    }
}
