using Darkroom.Worker.Endpoint;
using Xunit;

namespace Darkroom.Tests.Endpoint;

public sealed class The_api_key
{
    const string Key = OneEndpoint.Key;

    static string Json(int status, string body) =>
        $"HTTP/1.1 {status} X\r\nx-request-id: req {Key}\r\nLocation: https://{Key}.test/{Key}\r\n"
        + $"Content-Length: {body.Length}\r\n\r\n{body}";

    [Theory]
    [InlineData(401, """{"error":{"message":"Incorrect API key provided: KEY.","type":"KEY","code":"KEY"}}""")]
    [InlineData(400, """{"error":{"message":"x","code":"moderation_blocked","moderation_details":{"k":"KEY"}}}""")]
    [InlineData(302, """KEY""")]
    [InlineData(502, """<html><a href="KEY">KEY</a></html>""")]
    [InlineData(200, """{"error":{"message":"KEY","code":"KEY"},"usage":{"key":"KEY"}}""")]
    [InlineData(200, """{"data":[],"size":"x","usage":{"KEY":1}}""")]
    [InlineData(200, """<p>KEY""")]
    public async Task Is_in_no_outcome_even_where_the_endpoint_echoes_it(int status, string body)
    {
        await using var server = RawServer.Answering(Json(status, body.Replace("KEY", Key)));
        using var endpoint = new OneEndpoint(server.Address);
        var failed = await endpoint.FailAsync();
        var partial = failed.Partial;
        var said = $"{failed} {failed.Failure.UsageJson} {partial} {partial?.ErrorJson} {partial?.UsageJson} {partial?.Fault}";
        Assert.DoesNotContain("sk-do-not", said);
        Assert.Equal("req [redacted]", failed.Failure.RequestId);
    }

    [Fact]
    public async Task Is_not_told_by_a_part_of_it_where_words_are_cut_short()
    {
        var body = new string('x', 1015) + Key + Key;
        await using var server = RawServer.Answering(Json(500, body));
        using var endpoint = new OneEndpoint(server.Address);
        Assert.DoesNotContain("sk-", (await endpoint.FailAsync()).Failure.Message);
    }
}
