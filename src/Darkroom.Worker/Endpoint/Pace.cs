using EndpointRow = Darkroom.Migrations.Rows.Endpoint;

namespace Darkroom.Worker.Endpoint;

/// <summary>How the learned figures of an endpoint follow its answers. Null, as in the row: the configured figure stands.</summary>
internal static class Pace
{
    /// <summary>Tokens a minute; more than the dearest picture takes (6240). A header with less counts something else, and believing it would be a stop.</summary>
    const double TokensFloor = 7_000;

    /// <summary>
    /// The images a minute after a 429 or 503: what the limit header says where that explains it, else a part of the present pace.
    /// </summary>
    public static double AfterThrottle(EndpointRow row, EndpointOptions options, PaceOptions pace, RateHeaders limits)
    {
        var current = EndpointAdmission.ImagesPerMinute(row, options, pace);
        return Math.Max(pace.Floor, ImageLimit(limits, options) is { } limit && limit < current ? limit : current * pace.Slowdown);
    }

    /// <summary>
    /// The images a minute to learn from one answer. A limit header below our pace is believed at once, and above it where nothing better
    /// is known; otherwise the pace climbs by a step, once per <see cref="PaceOptions.SpeedUpAfter"/>, on good answers to calls made at
    /// this pace.
    /// </summary>
    /// <returns>What the row should hold; its present value where nothing changes.</returns>
    public static double? AfterAnswer(
        EndpointRow row, EndpointOptions options, PaceOptions pace, RateHeaders limits, bool good, DateTimeOffset startedAt,
        DateTimeOffset now)
    {
        var current = EndpointAdmission.ImagesPerMinute(row, options, pace);
        var told = ImageLimit(limits, options);
        if (told is { } limit && (limit < current || (options.ImagesPerMinute is null && row.LearnedImagesPerMinute is null)))
            return Math.Max(pace.Floor, limit);

        var stands = row.LearnedImagesPerMinute is null && options.ImagesPerMinute is not null;
        if (stands || !good || (row.LearnedAt is { } at && (startedAt <= at || now - at < pace.SpeedUpAfter)))
            return row.LearnedImagesPerMinute;

        var ceiling = Math.Min(options.ImagesPerMinute ?? double.PositiveInfinity, told ?? double.PositiveInfinity);
        var next = Math.Min(ceiling, current + (pace.SpeedUp * (double.IsFinite(ceiling) ? ceiling : current)));
        return next >= options.ImagesPerMinute ? null : next;
    }

    /// <summary>
    /// Tokens a minute as limit headers say, where that is less than configured: a lower limit at once, a higher one not before
    /// <see cref="PaceOptions.SpeedUpAfter"/>, for each model may have its own and the lowest is the safe one.
    /// </summary>
    public static double? TokensAfterAnswer(
        EndpointRow row, EndpointOptions options, PaceOptions pace, RateHeaders limits, DateTimeOffset now)
    {
        if (limits.Tokens.Limit is not (> 0 and var limit))
            return row.LearnedTokensPerMinute;
        var told = Math.Max(TokensFloor, limit);
        var rises = told > row.LearnedTokensPerMinute;
        if (rises && now - row.LearnedAt < pace.SpeedUpAfter)
            return row.LearnedTokensPerMinute;
        return told < (options.TokensPerMinute ?? double.PositiveInfinity) ? told : null;
    }

    /// <summary>
    /// A limit on requests stands in for one on images only where nobody gave one: every call asks for at least one image, so it is never
    /// too fast, but calls for ten would crawl.
    /// </summary>
    static double? ImageLimit(RateHeaders limits, EndpointOptions options) =>
        limits.Images.Limit > 0 ? limits.Images.Limit
        : options.ImagesPerMinute is null && limits.Requests.Limit > 0 ? limits.Requests.Limit
        : null;
}
