using Darkroom.Worker.Api;
using Xunit;

namespace Darkroom.Tests.Api;

public sealed class Public_address
{
    [Theory]
    [InlineData(null, true)]
    [InlineData("", true)]
    [InlineData("https://darkroom.example.com", true)]
    [InlineData("http://10.0.0.1:8080/images/", true)]
    [InlineData("darkroom.example.com", false)]
    [InlineData("/images", false)]
    [InlineData("ftp://example.com", false)]
    [InlineData("https://me:secret@example.com", false)]
    [InlineData("https://example.com/?a=b", false)]
    [InlineData("https://example.com/#top", false)]
    public void Only_an_absolute_http_address_is_one(string? url, bool valid)
    {
        var result = new LinkOptionsRules().Validate(null, new LinkOptions { PublicUrl = url });

        Assert.Equal(valid, result.Succeeded);
        if (!valid)
            Assert.StartsWith("Darkroom:PublicUrl must be", result.FailureMessage, StringComparison.Ordinal);
    }
}
