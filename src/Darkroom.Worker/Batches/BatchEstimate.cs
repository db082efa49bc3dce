namespace Darkroom.Worker.Batches;

/// <summary>How far a batch is, as far as its end can be told from it.</summary>
/// <param name="Open">Lines still to end that need nobody: queued or running.</param>
/// <param name="Ended">Lines that have ended since it began.</param>
/// <param name="Elapsed">Since it began.</param>
/// <param name="EndedLately">Lines that have ended within <paramref name="Lately"/>.</param>
/// <param name="Lately">How far back "lately" goes: less than usual where it has just begun.</param>
internal readonly record struct BatchProgress(int Open, int Ended, TimeSpan Elapsed, int EndedLately, TimeSpan Lately)
{
    /// <summary>So many lines say how fast it goes: from here on what happened before them no longer counts.</summary>
    const double Convincing = 20;

    /// <summary>
    /// What is left at the pace of late, which follows a limit that was learned or an endpoint that came back, mixed with the pace over all
    /// where few lines have ended of late: a single slow one then does not throw it about.
    /// </summary>
    /// <returns>Null where nothing has ended yet, or nothing is left.</returns>
    public TimeSpan? TimeLeft()
    {
        if (Open <= 0 || Ended <= 0 || Elapsed <= TimeSpan.Zero)
            return null;
        var overAll = Ended / Elapsed.TotalSeconds;
        var lately = Lately > TimeSpan.Zero ? EndedLately / Lately.TotalSeconds : 0;
        var weight = Math.Min(1, EndedLately / Convincing);
        return TimeSpan.FromSeconds(Math.Min(Open / (weight * lately + (1 - weight) * overAll), TimeSpan.FromDays(3650).TotalSeconds));
    }
}
