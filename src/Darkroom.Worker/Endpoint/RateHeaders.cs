using System.Globalization;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;

namespace Darkroom.Worker.Endpoint;

/// <summary>What an answer's headers say of the account's limits. Absent, odd and negative figures are null.</summary>
internal sealed partial record RateHeaders(RateLimit Images, RateLimit Requests, RateLimit Tokens)
{
    public static readonly RateHeaders None = new(default, default, default);

    /// <summary>Reads <c>x-ratelimit-{limit,remaining,reset}-{images,requests,tokens}</c>.</summary>
    public static RateHeaders Read(HttpResponseHeaders headers) =>
        new(ReadLimit(headers, "images"), ReadLimit(headers, "requests"), ReadLimit(headers, "tokens"));

    /// <summary>
    /// How long an answer asks us to wait, the plainest statement first: <c>retry-after-ms</c>, <c>Retry-After</c> in seconds or as a date,
    /// then the latest reset of the limits that are used up (of all, where none says so). Null where nothing is said.
    /// </summary>
    /// <param name="now">
    /// Compared with a date only where the answer has no <c>Date</c> of its own: the endpoint's clock may be off from ours.
    /// </param>
    public TimeSpan? RetryAfter(HttpResponseHeaders headers, DateTimeOffset now, TimeSpan longest)
    {
        var wait = Number(headers, "retry-after-ms") is { } ms ? ms / 1000
            : Number(headers, "retry-after") is { } seconds ? seconds
            : headers.RetryAfter?.Date is { } date ? (date - (headers.Date ?? now)).TotalSeconds
            : LatestReset()?.TotalSeconds;
        return wait is { } value ? TimeSpan.FromSeconds(Math.Clamp(value, 0, longest.TotalSeconds)) : null;
    }

    TimeSpan? LatestReset()
    {
        RateLimit[] all = [Images, Requests, Tokens];
        var usedUp = Array.FindAll(all, limit => limit.Remaining == 0);
        return (usedUp.Length > 0 ? usedUp : all).Max(limit => limit.Reset);
    }

    static RateLimit ReadLimit(HttpResponseHeaders headers, string what) => new(
        Number(headers, $"x-ratelimit-limit-{what}"),
        Number(headers, $"x-ratelimit-remaining-{what}"),
        Text(headers, $"x-ratelimit-reset-{what}") is { } reset ? Duration(reset) : null);

    static double? Number(HttpResponseHeaders headers, string name) =>
        double.TryParse(Text(headers, name), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
        && double.IsFinite(number) ? number : null;

    static string? Text(HttpResponseHeaders headers, string name) =>
        headers.NonValidated.TryGetValues(name, out var values) ? values.ToString().Trim() : null;

    /// <summary>
    /// Seconds (<c>12.5</c>), or a duration as Go writes it (<c>6m0s</c>, <c>1h2m3.5s</c>, <c>20ms</c>). Longer than a year is nonsense.
    /// </summary>
    static TimeSpan? Duration(string text)
    {
        if (GoDuration().Match(text) is not { Success: true } parts || text.Length == 0)
            return null;
        double Part(string name) => double.TryParse(parts.Groups[name].Value, CultureInfo.InvariantCulture, out var value) ? value : 0;
        var seconds = (Part("h") * 3600) + (Part("m") * 60) + Part("s") + (Part("ms") / 1000);
        return seconds < TimeSpan.FromDays(366).TotalSeconds ? TimeSpan.FromSeconds(seconds) : null;
    }

    const string Figure = @"[0-9]{1,9}(\.[0-9]{1,9})?";

    [GeneratedRegex(
        @"\A((?<s>" + Figure + @")|"
        + "((?<h>" + Figure + @")h)?((?<m>" + Figure + @")m)?((?<s>" + Figure + @")s)?((?<ms>" + Figure + @")ms)?)\z",
        RegexOptions.ExplicitCapture)]
    private static partial Regex GoDuration();
}

/// <summary>One limit of an account, as an answer told it.</summary>
/// <param name="Limit">Per minute.</param>
/// <param name="Remaining">What is left of it now.</param>
/// <param name="Reset">Until it is whole again.</param>
internal readonly record struct RateLimit(double? Limit, double? Remaining, TimeSpan? Reset);
