using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Darkroom.Tests.Api;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Darkroom.Tests.Submission;

/// <summary>Whatever is wrong is said, and nothing is stored. No test of this class submits anything that is right.</summary>
public sealed class Refusing_a_submission(ApiHost host) : IClassFixture<ApiHost>
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Fields added to a valid request, the parameter at fault, and what the message must say.</summary>
    public static TheoryData<string, string, string> WrongFields => new()
    {
        { "'model': 'dall-e-9'", "model", "configured are 'gpt-image-1', 'gpt-image-1.5'" },
        { "'model': null", "model", "required" },
        { "'model': 15", "model", "must be a string, not a number" },
        { "'model': ''", "model", "configured are" },
        { "'prompt': null", "prompt", "required" },
        { "'prompt': ''", "prompt", "blank" },
        { "'prompt': ' \\t\\n\\u00a0 '", "prompt", "blank" },
        { "'prompt': ['a cat']", "prompt", "must be a string, not an array" },
        { "'prompt': {'text':'a cat'}", "prompt", "must be a string, not an object" },
        { "'prompt': true", "prompt", "must be a string, not a boolean" },
        { "'prompt': 'a\\u0000b'", "prompt", "NUL" },
        { "'prompt': 'a\\ud83cb'", "prompt", "surrogate" },
        { "'prompt': 'a\\udf00b'", "prompt", "surrogate" },
        { "'prompt': '\\ud83c\\ud83c'", "prompt", "surrogate" },
        { "'quality': 'hd'", "quality", "'auto', 'high', 'medium', 'low'" },
        { "'quality': 1", "quality", "must be a string" },
        { "'n': 0", "n", "from 1 to 10" },
        { "'n': 11", "n", "from 1 to 10" },
        { "'n': -1", "n", "from 1 to 10" },
        { "'n': 99999999999999999999", "n", "from 1 to 10" },
        { "'n': -99999999999999999999", "n", "from 1 to 10" },
        { "'n': 1.5", "n", "whole number" },
        { "'n': 1e0", "n", "whole number" },
        { "'n': '1'", "n", "must be a whole number, not a string" },
        { "'size': '512x512'", "size", "'1024x1024', '1536x1024', '1024x1536', 'auto'" },
        { "'size': 'AUTO'", "size", "must be one of" },
        { "'custom_id': ''", "custom_id", "1 to 512 characters" },
        { "'custom_id': 7", "custom_id", "must be a string" },
        { "'metadata': []", "metadata", "must be an object of strings, not an array" },
        { "'metadata': {'a': 1}", "metadata", "at 'a' a value that must be a string, not a number" },
        { "'metadata': {'a': null}", "metadata", "at 'a' a value that must be a string, not null" },
        { "'metadata': {'a': {'b': {}}}", "metadata", "at 'a'" },
        { "'metadata': {'a': 'x', 'b': 'y', 'a': 'z'}", "metadata", "key 'a' twice" },
        { "'metadata': {'': 'x'}", "metadata", "key that must have 1 to 64" },
        { "'metadata': {'\\udc00': 'x'}", "metadata", "key that has half a surrogate pair" },
        { "'metadata': {'a': '\\u0000'}", "metadata", "NUL" },
        { "'priority': 10", "priority", "from 0 to 9" },
        { "'priority': -1", "priority", "from 0 to 9" },
        { "'not_before': 'tomorrow'", "not_before", "RFC 3339" },
        { "'not_before': '2026-01-31'", "not_before", "RFC 3339" },
        { "'not_before': '2026-01-31T12:00:00'", "not_before", "offset" },
        { "'not_before': '2026-02-31T12:00:00Z'", "not_before", "RFC 3339" },
        { "'not_before': 1767225600", "not_before", "must be a string" },
        { "'not_before': '0001-01-01T00:00:00+14:00'", "not_before", "RFC 3339" },
        { "'deadline': '2020-01-01T00:00:00Z'", "deadline", "past" },
        { "'deadline': '2120-01-01T00:00:00Z', 'not_before': '2120-01-01T00:00:01Z'", "deadline", "before 'not_before'" },
        { "'max_attempts': 0", "max_attempts", "from 1 to 100" },
        { "'max_attempts': 101", "max_attempts", "from 1 to 100" },
        { "'max_unknown_attempts': 0", "max_unknown_attempts", "from 1 to 20" },
        { "'max_unknown_attempts': 21", "max_unknown_attempts", "from 1 to 20" },
        { "'on_unknown': 'ignore'", "on_unknown", "'retry', 'hold'" },
        { "'webhook_url': 'example.com/hook'", "webhook_url", "absolute http or https" },
        { "'webhook_url': '/hook'", "webhook_url", "absolute http or https" },
        { "'webhook_url': 'ftp://example.com'", "webhook_url", "absolute http or https" },
        { "'webhook_url': ' https://example.com'", "webhook_url", "absolute http or https" },
        { "'webhook_url': 'https://user:secret@example.com'", "webhook_url", "credentials" },
        { "'webhook_events': ['job.succeeded']", "webhook_events", "needs a 'webhook_url'" },
        { "'webhook_url': 'https://example.com', 'webhook_events': []", "webhook_events", "at least one of 'job.succeeded'" },
        { "'webhook_url': 'https://example.com', 'webhook_events': ['job.done']", "webhook_events", "'job.done', which is none of" },
        { "'webhook_url': 'https://example.com', 'webhook_events': ['job.held', 'job.held']", "webhook_events", "twice" },
        { "'webhook_url': 'https://example.com', 'webhook_events': ['job.held', 3]", "webhook_events", "at [1] a value that must be a string" },
        { "'webhook_url': 'https://example.com', 'webhook_events': 'job.held'", "webhook_events", "must be an array of strings, not a string" },
        { "'promt': 'a cat'", "promt", "did you mean 'prompt'?" },
        { "'Size': 'auto'", "Size", "did you mean 'size'?" },
        { "'background': 'transparent'", "background", "not a parameter of this call" },
        { "'background': {'nested': [1, {'deeper': null}]}", "background", "not a parameter of this call" },
        { "'n': 1, 'n': 2", "n", "given twice, again at line 1" },
    };

    [Theory]
    [MemberData(nameof(WrongFields))]
    public async Task A_wrong_field_is_named_with_what_it_should_be(string fields, string param, string says)
    {
        fields = fields.Replace('\'', '"');
        var name = fields.Split('"')[1];
        var rest = new[] { ("model", "\"gpt-image-1.5\""), ("prompt", "\"a cat\"") }.Where(f => f.Item1 != name).Select(f => $"\"{f.Item1}\": {f.Item2}");

        var error = await RefusedAsync($"{{{string.Join(", ", [.. rest, fields])}}}", HttpStatusCode.BadRequest);

        Assert.Equal("invalid_request_error", error.GetProperty("type").GetString());
        Assert.NotEqual(JsonValueKind.Null, error.GetProperty("code").ValueKind);
        Assert.Equal(param, error.GetProperty("param").GetString());
        Assert.Contains(says, error.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(param, error.GetProperty("errors")[0].GetProperty("param").GetString());
        Assert.Contains(says, error.GetProperty("errors")[0].GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    /// <summary>Bodies that are no JSON object, and where the message must say that they are wrong.</summary>
    public static TheoryData<string, string> Malformed => new()
    {
        { "", "empty" },
        { " \n ", "empty" },
        { "null", "must be an object" },
        { "[]", "must be an object" },
        { "\"text\"", "must be an object" },
        { "{", "line 1, column 2" },
        { "{\"model\"}", "line 1, column 9" },
        { "{\n  \"model\": \"gpt-image-1.5\",\n  \"prompt\": \"cat\",\n}", "line 4, column 1" },
        { "{\n  // a comment\n  \"model\": \"m\"}", "line 2, column 3" },
        { "{\"model\": \"m\"} {}", "line 1, column 16" },
        { "{\"model\": \"m\"} x", "line 1, column 16" },
        { "{\"model\": 'm'}", "line 1, column 11" },
        { "{\"prompt\": \"ä家🏠\n\"}", "line 1, column 17" },
        { "{\"prompt\": \"\u0000\"}", "line 1, column 13" },
        { "{\"prompt\": \"\\x\"}", "line 1, column 14" },
        { "{\"n\": 01}", "line 1, column 8" },
        { "{\"n\": NaN}", "line 1, column 7" },
        { "\uFEFF{\"n\": 1}", "line 1, column 1" },
        { "{\"a\":" + new string('[', 100) + new string(']', 100) + "}", "line 1" },
        { "{\"\\ud800\": 1, \"model\": \"gpt-image-1.5\", \"prompt\": \"cat\"}", "line 1, column 2" },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public async Task Malformed_JSON_is_refused_with_the_place(string body, string says)
    {
        var error = await RefusedAsync(body, HttpStatusCode.BadRequest);

        Assert.Equal("invalid_json", error.GetProperty("code").GetString());
        Assert.Equal(JsonValueKind.Null, error.GetProperty("param").ValueKind);
        Assert.Contains(says, error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bytes_that_are_not_UTF8_are_refused_with_the_place()
    {
        using var content = new ByteArrayContent([.. "{\"prompt\":\n \"a"u8, 0xC3, 0x28, .. "\"}"u8]);
        content.Headers.ContentType = new("application/json");

        var error = await RefusedAsync(content, HttpStatusCode.BadRequest);

        Assert.Contains("not UTF-8 at line 2, column 4", error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_wrong_fields_are_named_at_once_in_the_order_of_the_parameter_list()
    {
        var error = await RefusedAsync(
            """{"colour":1,"priority":12,"n":0,"prompt":" ","quality":"best","webhook_url":"x","metadata":{"a":1}}""", HttpStatusCode.BadRequest);

        Assert.Equal(
            ["model", "prompt", "n", "metadata", "priority", "webhook_url", "colour"],
            error.GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("param").GetString()));
        Assert.Equal("model", error.GetProperty("param").GetString());
        Assert.Equal("missing_required_parameter", error.GetProperty("code").GetString());
        Assert.Contains("6 more", error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_prompt_is_measured_in_characters_as_people_count_them()
    {
        var tooLong = string.Concat(Enumerable.Repeat("🏠", 32001));

        var error = await RefusedAsync($$"""{"model":"gpt-image-1.5","prompt":"{{tooLong}}"}""", HttpStatusCode.BadRequest);

        Assert.Contains("has 32001 characters; gpt-image-1.5 takes at most 32000", error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Long_values_are_refused_with_their_limit()
    {
        var pairs = string.Join(",", Enumerable.Range(0, 17).Select(i => $"\"k{i}\":\"v\""));
        var error = await RefusedAsync($$"""
            {"model":"gpt-image-1.5","prompt":"a","custom_id":"{{new string('c', 513)}}","metadata":{{{pairs}}},
             "webhook_url":"https://example.com/{{new string('p', 2048)}}"}
            """, HttpStatusCode.BadRequest);

        Assert.Equal(
            ["'custom_id' must have 1 to 512 characters, not 513.", "'metadata' must have at most 16 pairs, not 17.", "'webhook_url' must have at most 2048 characters, not 2068."],
            error.GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("message").GetString()));
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("application/jsonl")]
    [InlineData(null)]
    public async Task What_is_not_sent_as_JSON_is_a_415(string? type)
    {
        using var content = new ByteArrayContent([.. """{"model":"gpt-image-1.5","prompt":"a cat"}"""u8]);
        content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);

        await RefusedAsync(content, HttpStatusCode.UnsupportedMediaType);
    }

    [Fact]
    public async Task A_compressed_body_is_a_415()
    {
        using var content = new ByteArrayContent([1, 2, 3]);
        content.Headers.ContentType = new("application/json");
        content.Headers.ContentEncoding.Add("gzip");

        await RefusedAsync(content, HttpStatusCode.UnsupportedMediaType);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_over_512_KB_is_a_413_whether_its_length_is_announced_or_not(bool chunked)
    {
        var body = """{"model":"gpt-image-1.5","prompt":"a cat"}""" + new string(' ', 512 * 1024);
        using HttpContent content = chunked ? new Unannounced(Encoding.UTF8.GetBytes(body)) : new StringContent(body);
        content.Headers.ContentType = new("application/json");

        var error = await RefusedAsync(content, HttpStatusCode.RequestEntityTooLarge);

        Assert.Contains("512 KB", error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("with space", 1)]
    [InlineData("", 1)]
    [InlineData("k", 256)]
    public async Task An_idempotency_key_that_cannot_be_kept_is_refused(string key, int times)
    {
        using var answer = await host.Admin.PostJsonAsync(
            "/v1/jobs", """{"model":"gpt-image-1.5","prompt":"a cat"}""", string.Concat(Enumerable.Repeat(key, times)));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("Idempotency-Key", (await answer.JsonAsync()).GetProperty("error").GetProperty("param").GetString());
        await NothingIsStoredAsync();
    }

    async Task<JsonElement> RefusedAsync(string body, HttpStatusCode status)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        return await RefusedAsync(content, status);
    }

    async Task<JsonElement> RefusedAsync(HttpContent content, HttpStatusCode status)
    {
        using var answer = await host.Admin.PostAsync(new Uri("/v1/jobs", UriKind.Relative), content, Cancel);
        var text = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.True(answer.StatusCode == status, $"{(int)answer.StatusCode}: {text}");
        await NothingIsStoredAsync();
        return JsonElement.Parse(text).GetProperty("error");
    }

    async Task NothingIsStoredAsync()
    {
        await using var db = await host.DbAsync();
        Assert.Equal(0, await db.Jobs.CountAsync(Cancel));
        Assert.Equal(0, await db.IdempotencyKeys.CountAsync(Cancel));
        Assert.DoesNotContain(host.Log.All, line => line.Contains("Exception", StringComparison.Ordinal));
    }

    sealed class Unannounced(byte[] bytes) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => stream.WriteAsync(bytes).AsTask();

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
