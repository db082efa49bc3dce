namespace Darkroom.Worker.Endpoint;

/// <summary>How long a job waits after a failed attempt, <c>Darkroom:Backoff</c>.</summary>
internal sealed class BackoffOptions
{
    /// <summary>
    /// The longest wait after the first failure. Default 1 s; 0.1 s to 1 h. Endpoint hiccups often last less than a second.
    /// </summary>
    public TimeSpan Base { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>By how much the longest wait grows with each further failure. Default 2; 1 to 10.</summary>
    public double Factor { get; set; } = 2;

    /// <summary>
    /// The longest wait of all. Default 60 s; <see cref="Base"/> to 24 h. A call takes about that long itself, so more would only cost
    /// time.
    /// </summary>
    public TimeSpan Cap { get; set; } = TimeSpan.FromSeconds(60);
}

internal static class Backoff
{
    /// <summary>
    /// Full jitter: anywhere between nothing and the longest wait, so that jobs that failed together do not come back together
    /// (M. Brooker, "Exponential Backoff And Jitter", AWS 2015).
    /// </summary>
    /// <param name="failures">Failures so far, this one included: 1 or more.</param>
    /// <param name="random">In [0, 1).</param>
    public static TimeSpan Delay(BackoffOptions options, int failures, double random) => Longest(options, failures) * random;

    /// <summary>The longest wait after so many failures.</summary>
    public static TimeSpan Longest(BackoffOptions options, int failures)
    {
        var seconds = options.Base.TotalSeconds * Math.Pow(options.Factor, Math.Max(failures, 1) - 1);
        return seconds < options.Cap.TotalSeconds ? TimeSpan.FromSeconds(seconds) : options.Cap;
    }
}
