using Darkroom.Client;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Darkroom.Cli.Watching;

/// <summary>A batch as bars, and as one line.</summary>
internal static class BatchView
{
    const int BarWidth = 40;

    public static IRenderable Of(Batch batch, DateTimeOffset now)
    {
        var counts = batch.Counts;
        var bars = new Grid().AddColumns(3);
        Add(bars, "done", counts.Succeeded, batch.RequestCounts.Total, Color.Green);
        Add(bars, "failed", counts.Failed + counts.Canceled, batch.RequestCounts.Total, Color.Red);
        Add(bars, "held", counts.Held, batch.RequestCounts.Total, Color.Yellow);
        return new Rows(new Text($"{batch.Id}  {Status(batch)}"), bars, new Text(Figures(batch)), new Text(End(batch, now)));
    }

    /// <summary>All of it in words.</summary>
    public static string Line(Batch batch)
    {
        var counts = batch.Counts;
        var end = End(batch, DateTimeOffset.Now) is { Length: > 0 } estimate ? $", {estimate}" : "";
        var canceled = counts.Canceled > 0 ? $", {Words.Count(counts.Canceled)} canceled" : "";
        var skipped = batch.SkippedLines > 0 ? $", {Words.Count(batch.SkippedLines)} bad lines skipped" : "";
        return $"{Status(batch)}: {Words.Count(counts.Succeeded)} of {Words.Count(batch.RequestCounts.Total)} done, {Words.Count(counts.Failed)} failed, "
            + $"{Words.Count(counts.Held)} held{canceled}{skipped}; {Figures(batch)}{end}";
    }

    static void Add(Grid bars, string name, int count, int total, Color color)
    {
        var filled = total == 0 ? 0 : (int)((long)BarWidth * count / total);
        var some = count > 0 && filled == 0 ? 1 : filled;
        bars.AddRow(
            new Text(name),
            new Markup($"[{color.ToMarkup()}]{new string('━', some)}[/][grey]{new string('─', BarWidth - some)}[/]"),
            new Text($"{Words.Count(count)} of {Words.Count(total)}"));
    }

    public static string Status(Batch batch) => batch is { PausedAt: not null, HasEnded: false } ? "paused" : batch.Status;

    static string Figures(Batch batch)
    {
        var rate = batch.ImagesPerMinute is { } pace && !batch.HasEnded ? $", {Words.Rate(pace)} images a minute" : "";
        return $"{Words.Count(batch.Images, "picture", "pictures")}{rate}, {Words.Count(batch.Usage?.TotalTokens ?? 0)} tokens, {Words.Money(batch.Cost)}";
    }

    static string End(Batch batch, DateTimeOffset now)
    {
        if (batch is not { HasEnded: false, EstimatedEndAt: { } end })
            return "";
        var late = batch.ExpiresAt < end ? $"; what is not sent by {Words.Time(batch.ExpiresAt.Value)} expires" : "";
        return $"ends about {Words.Time(end)} (in {Words.Duration(DateTimeOffset.FromUnixTimeSeconds(end) - now)}{late})";
    }
}
