using Darkroom.Migrations.Rows;
using EndpointRow = Darkroom.Migrations.Rows.Endpoint;

namespace Darkroom.Worker.Endpoint;

/// <summary>What one pass of admission may send to an endpoint.</summary>
/// <param name="MaxJobs">
/// Most jobs, by state and <c>MaxInFlight</c>; <see cref="int.MaxValue"/> where nothing but slots limits them.
/// </param>
/// <param name="Images">
/// The refilled balance: admit while it is above zero, taking <c>n</c> for each job. Infinite where there is no limit.
/// </param>
/// <param name="Tokens">The same for tokens.</param>
/// <param name="IsProbe">The one job would go to find out whether a pause or gate still stands: it must be made the row's probe.</param>
/// <param name="Excluded">A job that must not be the probe.</param>
internal sealed record Allowance(int MaxJobs, double Images, double Tokens, bool IsProbe, Guid? Excluded)
{
    public static readonly Allowance None = new(0, 0, 0, IsProbe: false, Excluded: null);
}

internal static class EndpointAdmission
{
    /// <param name="now">The database's time.</param>
    /// <param name="inFlight">Jobs running or admitted at this endpoint, in the whole cluster.</param>
    /// <param name="probing">Whether the row's <c>probe_job_id</c> is such a job: there is never more than one probe.</param>
    public static Allowance Allow(
        EndpointRow row, EndpointOptions options, PaceOptions pace, DateTimeOffset now, int inFlight, bool probing)
    {
        if (row.HoldUntil > now)
            return Allowance.None;
        var free = options.MaxInFlight is { } most ? Math.Max(0, most - inFlight) : int.MaxValue;
        var active = row.State == EndpointState.Active;
        if (!active && (probing || row.NextProbeAt is null || row.NextProbeAt > now))
            return Allowance.None;

        var elapsed = now - row.BalanceAt;
        return new Allowance(
            active ? free : Math.Min(1, free),
            Bucket.Refill(row.ImagesBalance, elapsed, ImagesPerMinute(row, options, pace)),
            TokensPerMinute(row, options) is { } tokens ? Bucket.Refill(row.TokensBalance, elapsed, tokens) : double.PositiveInfinity,
            IsProbe: !active,
            Excluded: row.State == EndpointState.Paused ? row.LastFailedJobId : null);
    }

    /// <summary>The pace that holds now: the slower of what is configured and what was learned.</summary>
    public static double ImagesPerMinute(EndpointRow row, EndpointOptions options, PaceOptions pace) =>
        Math.Min(options.ImagesPerMinute ?? double.PositiveInfinity, row.LearnedImagesPerMinute ?? options.ImagesPerMinute ?? pace.Start);

    /// <summary>The same for tokens; null where there is no limit.</summary>
    public static double? TokensPerMinute(EndpointRow row, EndpointOptions options) =>
        row.LearnedTokensPerMinute is { } learned ? Math.Min(learned, options.TokensPerMinute ?? learned) : options.TokensPerMinute;
}
