using Darkroom.Worker.Endpoint;
using Xunit;

namespace Darkroom.Tests.Endpoint;

public sealed class Rate_headers
{
    static readonly DateTimeOffset Now = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    static HttpResponseMessage Answer(string headers)
    {
        var answer = new HttpResponseMessage();
        foreach (var line in headers.Split('|', StringSplitOptions.RemoveEmptyEntries))
            answer.Headers.TryAddWithoutValidation(line.Split(": ")[0], line.Split(": ")[1]);
        return answer;
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("Retry-After: 12", 12.0)]
    [InlineData("Retry-After: 1.5", 1.5)]
    [InlineData("Retry-After: 0", 0.0)]
    [InlineData("Retry-After: -5", null)]
    [InlineData("Retry-After: soon", null)]
    [InlineData("Retry-After: 999999999999999999999999", 3600.0)]
    [InlineData("Retry-After: 7200", 3600.0)]
    [InlineData("Retry-After: Fri, 01 May 2026 12:00:30 GMT", 30.0)]
    [InlineData("Retry-After: Fri, 01 May 2026 11:00:00 GMT", 0.0)]
    [InlineData("Retry-After: Fri, 01 May 2026 09:00:30 GMT|Date: Fri, 01 May 2026 09:00:10 GMT", 20.0)]
    [InlineData("retry-after-ms: 250|Retry-After: 1", 0.25)]
    [InlineData("x-ratelimit-reset-images: 6m0s", 360.0)]
    [InlineData("x-ratelimit-reset-tokens: 1h2m3.5s", 3600.0)]
    [InlineData("x-ratelimit-reset-requests: 20ms", 0.02)]
    [InlineData("x-ratelimit-reset-requests: 8.64s", 8.64)]
    [InlineData("x-ratelimit-reset-images: 12|x-ratelimit-reset-tokens: 30", 30.0)]
    [InlineData("x-ratelimit-remaining-images: 0|x-ratelimit-reset-images: 12|x-ratelimit-reset-tokens: 30", 12.0)]
    [InlineData("x-ratelimit-reset-images: tomorrow", null)]
    [InlineData("x-ratelimit-reset-images: 999999999h", null)]
    [InlineData("Retry-After: 3|x-ratelimit-reset-images: 12", 3.0)]
    public void Say_how_long_to_wait(string headers, double? seconds)
    {
        using var answer = Answer(headers);
        var wait = RateHeaders.Read(answer.Headers).RetryAfter(answer.Headers, Now, TimeSpan.FromHours(1));
        Assert.Equal(seconds is { } s ? TimeSpan.FromSeconds(s) : null, wait);
    }

    [Fact]
    public void Say_what_the_account_may_do()
    {
        using var answer = Answer(
            "x-ratelimit-limit-images: 250|x-ratelimit-remaining-images: 7|x-ratelimit-limit-tokens: 1e9|x-ratelimit-limit-requests: -4");
        var limits = RateHeaders.Read(answer.Headers);
        Assert.Equal(new RateLimit(250, 7, null), limits.Images);
        Assert.Equal(default, limits.Tokens);
        Assert.Equal(default, limits.Requests);
    }
}
