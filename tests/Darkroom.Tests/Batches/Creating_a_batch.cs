using System.Net;
using System.Text;
using System.Text.Json;
using Darkroom.Tests.Api;
using Darkroom.Tests.Files;
using Xunit;

namespace Darkroom.Tests.Batches;

public sealed class Creating_a_batch : IAsyncLifetime
{
    ApiHost host = null!;
    string file = "";

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        host = await ApiHost.StartAsync();
        file = (await host.Admin.UploadAsync("{}")).IdOf();
    }

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task It_is_told_as_OpenAI_tells_it()
    {
        var batch = await CreatedAsync($$$"""{"input_file_id":"{{{file}}}","endpoint":"/v1/images/generations","completion_window":"24h","metadata":{"a":"b"}}""");

        Assert.Matches("^batch_[0-9a-f]{32}$", batch.IdOf());
        Assert.Equal(("batch", "/v1/images/generations", file, "24h", "validating"), (
            Text(batch, "object"), Text(batch, "endpoint"), Text(batch, "input_file_id"), Text(batch, "completion_window"), Text(batch, "status")));
        Assert.Equal(24 * 3600, batch.GetProperty("expires_at").GetInt64() - batch.GetProperty("created_at").GetInt64());
        Assert.Equal("""{"total":0,"completed":0,"failed":0}""", batch.GetProperty("request_counts").GetRawText());
        Assert.Equal("""{"a":"b"}""", batch.GetProperty("metadata").GetRawText());
        foreach (var name in new[] { "errors", "output_file_id", "error_file_id", "in_progress_at", "finalizing_at", "completed_at", "failed_at", "expired_at",
            "cancelling_at", "cancelled_at", "usage", "model", "paused_at", "images_per_minute", "estimated_end_at", "retry_of", "webhook_url" })
            Assert.Equal((name, JsonValueKind.Null), (name, batch.GetProperty(name).ValueKind));
        Assert.Equal((7, "retry", 5, 2), (
            batch.GetProperty("priority").GetInt32(), Text(batch, "on_unknown"), batch.GetProperty("max_attempts").GetInt32(), batch.GetProperty("max_unknown_attempts").GetInt32()));
        Assert.Equal(batch.ToString(), (await host.Admin.GetJsonAsync($"/v1/batches/{batch.IdOf()}")).ToString());
    }

    [Fact]
    public async Task What_goes_beyond_OpenAI_is_kept()
    {
        var batch = await CreatedAsync($$$"""
            {"input_file_id":"{{{file}}}","completion_window":"7d","metadata":{"darkroom_skip_invalid":"true","darkroom_output":"base64"},"priority":0,
             "on_unknown":"hold","max_attempts":1,"max_unknown_attempts":20,"webhook_url":"https://example.com/hook",
             "output_expires_after":{"seconds":7200,"anchor":"created_at"}}
            """);

        Assert.Equal(7 * 86400, batch.GetProperty("expires_at").GetInt64() - batch.GetProperty("created_at").GetInt64());
        await using var db = await host.DbAsync();
        var row = Assert.Single(db.Batches);
        Assert.Equal((true, true, true), (row.SkipInvalid, row.OutputBase64, row.KeyId is not null));
        Assert.Equal((0, "hold", 1, 20), ((int)row.Priority, row.OnUnknown, (int)row.MaxAttempts, (int)row.MaxUnknownAttempts));
        Assert.Equal(("https://example.com/hook", 7200), (row.WebhookUrl, row.OutputExpiresAfter ?? 0));
    }

    [Theory]
    [InlineData("""{}""", "input_file_id", "missing_required_parameter")]
    [InlineData("""{"input_file_id":null}""", "input_file_id", "missing_required_parameter")]
    [InlineData("""{"input_file_id":7}""", "input_file_id", "invalid_type")]
    [InlineData("""{"input_file_id":"file-00000000000070008000000000000000"}""", "input_file_id", "invalid_value")]
    [InlineData("""{"input_file_id":"FILE","endpoint":"/v1/chat/completions"}""", "endpoint", "invalid_value")]
    [InlineData("""{"input_file_id":"FILE","completion_window":"0h"}""", "completion_window", "invalid_value")]
    [InlineData("""{"input_file_id":"FILE","completion_window":"366d"}""", "completion_window", "invalid_value")]
    [InlineData("""{"input_file_id":"FILE","completion_window":"30m"}""", "completion_window", "invalid_value")]
    [InlineData("""{"input_file_id":"FILE","metadata":{"a":1}}""", "metadata", "invalid_type")]
    [InlineData("""{"input_file_id":"FILE","metadata":{"darkroom_skip_invalid":"yes"}}""", "metadata", "invalid_value")]
    [InlineData("""{"input_file_id":"FILE","metadata":{"darkroom_output":"png"}}""", "metadata", "invalid_value")]
    [InlineData("""{"input_file_id":"FILE","output_expires_after":{"anchor":"created_at"}}""", "output_expires_after", "invalid_type")]
    [InlineData("""{"input_file_id":"FILE","output_expires_after":{"anchor":"created_at","seconds":3599}}""", "output_expires_after", "invalid_type")]
    [InlineData("""{"input_file_id":"FILE","output_expires_after":{"anchor":"created_at","seconds":3600,"x":1}}""", "output_expires_after", "invalid_type")]
    [InlineData("""{"input_file_id":"FILE","output_expires_after":{"anchor":"completed_at","seconds":3600}}""", "output_expires_after", "invalid_type")]
    [InlineData("""{"input_file_id":"FILE","priority":10}""", "priority", "invalid_value")]
    [InlineData("""{"input_file_id":"FILE","on_unknown":"give_up"}""", "on_unknown", "invalid_value")]
    [InlineData("""{"input_file_id":"FILE","max_attempts":0}""", "max_attempts", "invalid_value")]
    [InlineData("""{"input_file_id":"FILE","max_unknown_attempts":21}""", "max_unknown_attempts", "invalid_value")]
    [InlineData("""{"input_file_id":"FILE","webhook_url":"http://127.0.0.1/"}""", "webhook_url", "invalid_value")]
    [InlineData("""{"input_file_id":"FILE","piority":1}""", "piority", "unknown_parameter")]
    [InlineData("""{"input_file_id":"FILE","priority":1,"priority":1}""", "priority", "duplicate_parameter")]
    [InlineData("""[]""", null, "invalid_json")]
    public async Task What_is_wrong_is_named_and_nothing_is_stored(string body, string? param, string code)
    {
        using var answer = await host.Admin.PostJsonAsync("/v1/batches", body.Replace("FILE", file, StringComparison.Ordinal));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var error = (await answer.JsonAsync()).GetProperty("error");
        Assert.Equal((param, code), (Text(error, "param"), Text(error, "code")));
        await using var db = await host.DbAsync();
        Assert.Empty(db.Batches);
    }

    [Fact]
    public async Task The_same_key_leads_to_the_same_batch_however_often_and_at_once()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => host.Admin.PostJsonAsync("/v1/batches", Body(), "once")));

        var ids = new HashSet<string>();
        foreach (var answer in answers)
            ids.Add((await answer.JsonAsync()).IdOf());
        Assert.Single(ids);
        Assert.Single(answers, a => !a.Headers.Contains("Idempotency-Replayed"));
        await using var db = await host.DbAsync();
        Assert.Single(db.Batches);
        using var deleted = await host.Admin.DeleteAsync(new Uri($"/v1/files/{file}", UriKind.Relative), Cancel);
        using var other = await host.Admin.PostJsonAsync("/v1/batches", Body("""
            ,"priority":1
            """), "once");
        Assert.Equal((HttpStatusCode.Conflict, "idempotency_key_reused"), (other.StatusCode, Text((await other.JsonAsync()).GetProperty("error"), "code")));
    }

    [Fact]
    public async Task A_key_stands_for_a_job_or_for_a_batch()
    {
        const string Job = """{"model":"gpt-image-1.5","prompt":"a cat"}""";
        await host.Admin.PostJsonAsync("/v1/jobs", Job, "job");
        await host.Admin.PostJsonAsync("/v1/batches", Body(), "batch");

        using var batch = await host.Admin.PostJsonAsync("/v1/batches", Body(), "job");
        using var job = await host.Admin.PostJsonAsync("/v1/jobs", Job, "batch");

        Assert.Equal((HttpStatusCode.Conflict, HttpStatusCode.Conflict), (batch.StatusCode, job.StatusCode));
    }

    [Fact]
    public async Task A_repeat_of_an_sdk_is_never_a_second_batch()
    {
        var first = await SendAsync(retries: 0);

        Assert.Equal(first, await SendAsync(retries: 1));
        Assert.NotEqual(first, await SendAsync(retries: 0));

        async Task<string> SendAsync(int retries)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/batches") { Content = new StringContent(Body(), Encoding.UTF8, "application/json") };
            request.Headers.Add("X-Stainless-Retry-Count", $"{retries}");
            using var answer = await host.Admin.SendAsync(request, Cancel);
            return (await answer.JsonAsync()).IdOf();
        }
    }

    [Fact]
    public async Task A_list_goes_through_all_of_them_and_another_project_sees_none()
    {
        var ids = new List<string>();
        for (var i = 0; i < 5; i++)
            ids.Add((await CreatedAsync(Body())).IdOf());
        var (key, _, _) = await host.AddKeyAsync();
        using var other = host.ClientWith(key);

        var first = await host.Admin.GetJsonAsync("/v1/batches?limit=3&status=validating,failed");
        var rest = await host.Admin.GetJsonAsync($"/v1/batches?limit=3&after={Text(first, "last_id")}");

        Assert.Equal(Enumerable.Reverse(ids), first.GetProperty("data").EnumerateArray().Concat(rest.GetProperty("data").EnumerateArray()).Select(b => b.IdOf()));
        Assert.Equal((true, false), (first.GetProperty("has_more").GetBoolean(), rest.GetProperty("has_more").GetBoolean()));
        Assert.Empty((await host.Admin.GetJsonAsync("/v1/batches?status=completed")).GetProperty("data").EnumerateArray());
        Assert.Empty((await other.GetJsonAsync("/v1/batches")).GetProperty("data").EnumerateArray());
        foreach (var (path, status) in new[] { ($"/v1/batches/{ids[0]}", HttpStatusCode.NotFound), ($"/v1/batches?after={ids[0]}", HttpStatusCode.BadRequest) })
        {
            using var answer = await other.GetAsync(new Uri(path, UriKind.Relative), Cancel);
            Assert.Equal(status, answer.StatusCode);
        }
        using var foreign = await other.PostJsonAsync("/v1/batches", Body());
        Assert.Equal(HttpStatusCode.BadRequest, foreign.StatusCode);
    }

    string Body(string more = "") => $$"""{"input_file_id":"{{file}}","endpoint":"/v1/images/generations","completion_window":"24h"{{more}}}""";

    async Task<JsonElement> CreatedAsync(string body)
    {
        using var answer = await host.Admin.PostJsonAsync("/v1/batches", body);
        Assert.True(answer.StatusCode == HttpStatusCode.OK, await answer.Content.ReadAsStringAsync(Cancel));
        return await answer.JsonAsync();
    }

    static string? Text(JsonElement answer, string name) => answer.GetProperty(name).GetString();
}
