namespace Darkroom.Worker.Endpoint;

/// <summary>
/// The arithmetic of a rate limit. A bucket holds one second of its limit, and at least 1; it admits while its balance is above zero and
/// may go negative. So a job of ten passes a limit of five a minute, and the first minute does not get two minutes' worth.
/// </summary>
internal static class Bucket
{
    public static double Capacity(double perMinute) => Math.Max(1, perMinute / 60);

    /// <summary>
    /// The balance after <paramref name="elapsed"/>. Time that runs backwards (a failover to a server whose clock is behind) adds nothing.
    /// </summary>
    public static double Refill(double balance, TimeSpan elapsed, double perMinute) =>
        Math.Min(Capacity(perMinute), balance + (Math.Max(0, elapsed.TotalMinutes) * perMinute));

    /// <summary>How long until the balance is above zero again; at most an hour, for a limit may change meanwhile.</summary>
    public static TimeSpan UntilOpen(double balance, double perMinute) =>
        balance > 0 ? TimeSpan.Zero : TimeSpan.FromMinutes(Math.Min(60, -balance / perMinute)) + TimeSpan.FromMilliseconds(1);
}
