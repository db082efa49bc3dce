namespace Darkroom.Worker.Dashboard.Usage;

/// <summary>One day of a chart, drawn from below in this order.</summary>
public sealed record DayBar(decimal Useful, decimal Wasted, decimal Possible)
{
    public decimal Height => Useful + Wasted + Possible;
}
