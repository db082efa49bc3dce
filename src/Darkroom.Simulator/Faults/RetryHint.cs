using System.Collections.Immutable;

namespace Darkroom.Simulator.Faults;

/// <summary>The ways an answer says when to come back, as asked for by a fault's arguments; asking for one drops the default.</summary>
internal static class RetryHint
{
    private static readonly string[] Arguments = ["retry_after", "retry_after_date", "retry_after_ms", "reset"];

    public static ImmutableDictionary<string, string> Apply(ImmutableDictionary<string, string> headers, Strike strike)
    {
        if (!Arguments.Any(argument => strike[argument] is not null))
            return headers;
        headers = headers.Remove("Retry-After").Remove("retry-after-ms");
        if (strike["retry_after"] is { } seconds and not "none")
            headers = headers.SetItem("Retry-After", seconds);
        if (strike["retry_after_date"] is not null)
        {
            var date = strike.Options.TimeProvider.GetUtcNow() + strike.Time("retry_after_date", TimeSpan.Zero);
            headers = headers.SetItem("Retry-After", $"{date:R}");
        }
        if (strike["retry_after_ms"] is { } milliseconds)
            headers = headers.SetItem("retry-after-ms", milliseconds);
        if (strike["reset"] is { } reset)
            headers = headers.SetItem("x-ratelimit-reset-images", reset).SetItem("x-ratelimit-reset-requests", reset);
        return headers;
    }
}
