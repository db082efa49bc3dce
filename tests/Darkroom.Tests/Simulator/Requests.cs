using System.Net;
using System.Text;
using System.Text.Json;
using Darkroom.Simulator;
using Xunit;

namespace Darkroom.Tests.Simulator;

public class Requests
{
    private const string Model = "gpt-image-1";

    public static TheoryData<string, string?, string?> WrongBodies => new()
    {
        { """{"prompt":"a"}""", "missing_required_parameter", "model" },
        { """{"model":7,"prompt":"a"}""", "invalid_type", "model" },
        { """{"model":null,"prompt":"a"}""", "invalid_type", "model" },
        { """{"model":"dall-e-3","prompt":"a"}""", "invalid_value", "model" },
        { """{"model":"gpt-image-1"}""", "missing_required_parameter", "prompt" },
        { """{"model":"gpt-image-1","prompt":["a"]}""", "invalid_type", "prompt" },
        { """{"model":"gpt-image-1","prompt":""}""", "string_below_min_length", "prompt" },
        { """{"model":"gpt-image-1","prompt":"\ud800"}""", "invalid_string", "prompt" },
        { """{"model":"gpt-image-1","prompt":"a","quality":"hd"}""", "invalid_value", "quality" },
        { """{"model":"gpt-image-1","prompt":"a","quality":1}""", "invalid_type", "quality" },
        { """{"model":"gpt-image-1","prompt":"a","n":0}""", "integer_below_min_value", "n" },
        { """{"model":"gpt-image-1","prompt":"a","n":11}""", "integer_above_max_value", "n" },
        { """{"model":"gpt-image-1","prompt":"a","n":1.5}""", "invalid_type", "n" },
        { """{"model":"gpt-image-1","prompt":"a","n":"2"}""", "invalid_type", "n" },
        { """{"model":"gpt-image-1","prompt":"a","size":"512x512"}""", "invalid_value", "size" },
        { """{"model":"gpt-image-1","prompt":"a","response_format":"url"}""", "unknown_parameter", "response_format" },
        { """{"model":"gpt-image-1","prompt":"[[fault:nonsense]]"}""", "unknown_directive", "prompt" },
        { """{"model":"gpt-image-1","prompt":"[[latency:soon]]"}""", "unknown_directive", "prompt" },
        { """{"model":"gpt-image-1",""", null, null },
        { """["gpt-image-1"]""", null, null },
        { "", null, null },
    };

    [Theory]
    [MemberData(nameof(WrongBodies))]
    public async Task A_wrong_request_is_a_400_that_names_the_field(string body, string? code, string? param)
    {
        await using var endpoint = await SimulatorHost.StartAsync();
        using var caller = new Caller(endpoint);

        using var response = await caller.SendAsync(new StringContent(body, Encoding.UTF8, "application/json"));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var error = (await Caller.JsonAsync(response)).GetProperty("error");
        Assert.Equal(code, error.GetProperty("code").GetString());
        Assert.Equal(param, error.GetProperty("param").GetString());
        Assert.Equal("invalid_request_error", error.GetProperty("type").GetString());
        Assert.NotEqual("", error.GetProperty("message").GetString());
        Assert.False(Assert.Single(endpoint.Account.Calls).Billed);
    }

    [Theory]
    [InlineData(32_000, HttpStatusCode.OK)]
    [InlineData(32_001, HttpStatusCode.BadRequest)]
    public async Task A_prompt_has_at_most_32000_characters(int length, HttpStatusCode status)
    {
        await using var endpoint = await SimulatorHost.StartAsync();
        using var caller = new Caller(endpoint);

        // Each of these is one character and two UTF-16 units.
        using var response = await caller.PostAsync(new { model = Model, prompt = string.Concat(Enumerable.Repeat("😀", length)) });

        Assert.Equal(status, response.StatusCode);
    }

    [Fact]
    public async Task A_body_over_a_megabyte_is_a_413()
    {
        await using var endpoint = await SimulatorHost.StartAsync();
        using var caller = new Caller(endpoint);

        using var response = await caller.SendAsync(new StringContent(new string(' ', 1024 * 1024 + 1), Encoding.UTF8, "application/json"));

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    [Fact]
    public async Task A_body_of_another_type_is_a_415()
    {
        await using var endpoint = await SimulatorHost.StartAsync();
        using var caller = new Caller(endpoint);

        using var response = await caller.SendAsync(new StringContent("{}", Encoding.UTF8, "text/plain"));

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("", null)]
    [InlineData("other", "invalid_api_key")]
    public async Task A_call_without_an_accepted_key_is_a_401(string? key, string? code)
    {
        await using var endpoint = await SimulatorHost.StartAsync(options => options.ApiKeys = ["good"]);
        using var caller = new Caller(endpoint);

        using var response = await caller.PostAsync(new { model = Model, prompt = "a cat" }, key);
        using var good = await caller.PostAsync(new { model = Model, prompt = "a cat" }, "good");

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal(code, (await Caller.JsonAsync(response)).GetProperty("error").GetProperty("code").GetString());
        Assert.Equal(HttpStatusCode.OK, good.StatusCode);
    }

    [Fact]
    public async Task Null_and_auto_are_the_defaults()
    {
        await using var endpoint = await SimulatorHost.StartAsync(options => (options.AutoSize, options.AutoQuality) = ("1536x1024", "high"));
        using var caller = new Caller(endpoint);

        using var nulls = await caller.PostAsync(new { model = Model, prompt = "a cat", quality = (string?)null, n = (int?)null, size = (string?)null });
        using var autos = await caller.PostAsync(new { model = Model, prompt = "a cat", quality = "auto", n = 1, size = "auto" });

        foreach (var answer in new[] { await Caller.JsonAsync(nulls), await Caller.JsonAsync(autos) })
        {
            Assert.Equal("high", answer.GetProperty("quality").GetString());
            Assert.Equal("1536x1024", answer.GetProperty("size").GetString());
            Assert.Equal(1, answer.GetProperty("data").GetArrayLength());
        }
    }

    [Theory]
    [InlineData("GET", "/v1/images/generations", 405)]
    [InlineData("POST", "/v1/images/variations", 404)]
    public async Task Another_route_gets_the_error_shape_too(string method, string path, int status)
    {
        await using var endpoint = await SimulatorHost.StartAsync();
        using var caller = new Caller(endpoint);

        using var response = await caller.AdminAsync(new HttpMethod(method), path);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(JsonValueKind.Object, (await Caller.JsonAsync(response)).GetProperty("error").ValueKind);
    }
}
