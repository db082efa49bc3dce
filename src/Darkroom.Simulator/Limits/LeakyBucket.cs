namespace Darkroom.Simulator.Limits;

/// <summary>
/// One limit per minute. The bucket holds one unit and a burst's share of the limit, fills steadily, and lets a call
/// through while it is above zero, which then pays its whole cost, into debt if need be: so ten pictures pass a limit
/// of five a minute, and are paid for by the two minutes after them.
/// </summary>
internal sealed class LeakyBucket
{
    private double _level = double.PositiveInfinity;
    private DateTimeOffset _at;

    /// <summary>Fills the bucket up to now, under the limits that hold now.</summary>
    public LeakyBucket Fill(DateTimeOffset now, int perMinute, TimeSpan burst)
    {
        var perSecond = perMinute / 60.0;
        var capacity = 1 + perSecond * burst.TotalSeconds;
        _level = Math.Min(capacity, _level + Math.Max(0, (now - _at).TotalSeconds) * perSecond);
        _at = now;
        Remaining = (int)Math.Max(0, Math.Floor(_level));
        UntilFull = TimeSpan.FromSeconds((capacity - _level) / perSecond);
        UntilOpen = _level > 0 ? TimeSpan.Zero : TimeSpan.FromSeconds((1 - _level) / perSecond);
        return this;
    }

    public int Remaining { get; private set; }

    public TimeSpan UntilFull { get; private set; }

    /// <summary>Zero when a call may come now; else the time until the bucket holds one unit again.</summary>
    public TimeSpan UntilOpen { get; private set; }

    public void Take(int cost) => _level -= cost;
}
