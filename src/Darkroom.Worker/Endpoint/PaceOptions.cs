namespace Darkroom.Worker.Endpoint;

/// <summary>
/// How the pace of an endpoint follows what the endpoint says (additive increase, multiplicative decrease, as TCP does it);
/// <c>Darkroom:Pace</c>.
/// </summary>
internal sealed class PaceOptions
{
    /// <summary>
    /// Images per minute to begin with where none are configured. Default 50, the middle of common account limits (5 to 250); above 0, to
    /// 100,000.
    /// </summary>
    public double Start { get; set; } = 50;

    /// <summary>
    /// What is left of the pace after a 429 or 503. Default 0.7: two steps halve it, as TCP does in one, for a refused call here costs time
    /// and no money; 0.1 to 0.95.
    /// </summary>
    public double Slowdown { get; set; } = 0.7;

    /// <summary>
    /// Images per minute that no slow-down goes below. Default 1; above 0, to 1,000. Slower could not tell when it is let in again.
    /// </summary>
    public double Floor { get; set; } = 1;

    /// <summary>
    /// How much faster after each <see cref="SpeedUpAfter"/> of good answers, as a part of the limit that is known, else of the pace
    /// itself. Default 0.1, which takes back a slow-down in three steps; 0.01 to 1.
    /// </summary>
    public double SpeedUp { get; set; } = 0.1;

    /// <summary>
    /// The least time between two changes upwards. Default 1 minute, the time limits are counted in; 1 second to 1 hour.
    /// </summary>
    public TimeSpan SpeedUpAfter { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>The longest an endpoint may hold us back by <c>Retry-After</c> and its kin. Default 1 hour; 1 second to 24 hours.</summary>
    public TimeSpan LongestHold { get; set; } = TimeSpan.FromHours(1);

    /// <summary>When the first probe tries a paused endpoint. Default 30 seconds; 1 second to 1 hour. Each probe may be billed.</summary>
    public TimeSpan FirstProbe { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Waits between probes double up to this. Default 10 minutes; <see cref="FirstProbe"/> to 24 hours.</summary>
    public TimeSpan LongestProbe { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>The wait before the next probe of a paused endpoint, after so many have failed.</summary>
    public TimeSpan ProbeWait(int failedProbes)
    {
        var seconds = FirstProbe.TotalSeconds * Math.Pow(2, failedProbes);
        return seconds < LongestProbe.TotalSeconds ? TimeSpan.FromSeconds(seconds) : LongestProbe;
    }
}
