using System.Text;
using CsCheck;
using Darkroom.Worker.Endpoint;
using Xunit;

namespace Darkroom.Tests.Endpoint;

public sealed class Words_of_an_endpoint
{
    const string Key = "sk-secret-0123456789";

    static ErrorBody Parse(string body) => ErrorBody.Parse(Encoding.UTF8.GetBytes(body));

    [Theory]
    [InlineData("""{"error":{"message":"No.","type":"t","code":"c","param":null}}""", "c", "t", "No.")]
    [InlineData("""{"error":{"message":"No.","type":null,"code":17}}""", "17", null, "No.")]
    [InlineData("""{"error":{"message":"No.","moderation_details":{"stage":"input"}}}""", null, null, """No. {"stage":"input"}""")]
    [InlineData("""{"message":"No.","code":"c"}""", "c", null, "No.")]
    [InlineData("""{"detail":[{"msg":"bad"}]}""", null, null, """[{"msg":"bad"}]""")]
    [InlineData("""{"error":"No."}""", null, null, """{"error":"No."}""")]
    [InlineData("""["No."]""", null, null, """["No."]""")]
    [InlineData("<html><style>p{}</style><h1>502 Bad&nbsp;Gateway</h1></html>", null, null, "502 Bad Gateway")]
    [InlineData("upstream connect error", null, null, "upstream connect error")]
    [InlineData("""{"error":{"message":"cut off he""", null, null, """{"error":{"message":"cut off he""")]
    [InlineData("""{"error":{"message":"\ud800"}}""", null, null, """{"error":{"message":"\ud800"}}""")]
    [InlineData("", null, null, null)]
    public void Are_found_in_any_shape(string body, string? code, string? type, string? message)
    {
        var error = Parse(body);
        Assert.Equal((code, type, message), (error.Code, error.Type, UntrustedText.Clean(error.Message, Key, 1000)));
    }

    [Fact]
    public void Are_one_bounded_line_without_the_key_whatever_they_are() =>
        Gen.Select(Gen.String, Gen.String, Gen.Int[1, 40]).Sample((before, after, most) =>
    {
        var clean = UntrustedText.Clean(before + Key + after, Key, most) ?? "";
        Assert.DoesNotContain("sk-s", clean);
        Assert.InRange(clean.Length, 0, most + 1);
        Assert.DoesNotContain(clean, char.IsControl);
        // A lone surrogate would throw.
        _ = new UTF8Encoding(false, throwOnInvalidBytes: true).GetBytes(clean);
    });

    [Fact]
    public void Lose_NUL_and_line_breaks() => Assert.Equal("a b �c", UntrustedText.Clean(" a\0\r\n\tb \ud800c ", Key, 100));

    [Fact]
    public void Of_a_hostile_page_take_no_time() =>
        Assert.NotNull(Parse(string.Concat(Enumerable.Repeat("<style", 2600))));
}
