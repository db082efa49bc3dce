using Darkroom.Cli.Watching;
using Darkroom.Client;
using Spectre.Console;
using Xunit;

namespace Darkroom.Tests.Cli;

public sealed class The_view_of_a_batch
{
    static readonly DateTimeOffset Now = new(2026, 11, 25, 12, 0, 0, TimeSpan.Zero);

    static readonly Batch Half = new()
    {
        Id = "batch_1",
        Endpoint = "/v1/images/generations",
        InputFileId = "file-1",
        CompletionWindow = "24h",
        Status = "in_progress",
        CreatedAt = 0,
        RequestCounts = new(2000, 1000, 31),
        Counts = new(900, 68, 1000, 30, 1, 1),
        SkippedLines = 0,
        Priority = 7,
        OnUnknown = "retry",
        MaxAttempts = 5,
        MaxUnknownAttempts = 2,
        Usage = new(1000, new(0), 271_000, new(0), 272_000),
        Cost = new("USD", 12.5m, 0.25m),
        Images = 1000,
        ImagesPerMinute = 61.7,
        EstimatedEndAt = Now.AddMinutes(16).ToUnixTimeSeconds(),
    };

    [Fact]
    public void Has_bars_for_done_failed_and_held_and_the_figures()
    {
        using var screen = new StringWriter();
        var console = AnsiConsole.Create(new() { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(screen) });
        console.Profile.Width = 200;

        console.Write(BatchView.Of(Half, Now));

        string[] lines = [.. screen.ToString().Split('\n').Select(line => line.TrimEnd())];
        Assert.Equal("batch_1  in_progress", lines[0]);
        Assert.Equal($"done    {new string('━', 20)}{new string('─', 20)}  1,000 of 2,000", lines[1]);
        Assert.Equal($"failed  ━{new string('─', 39)}  31 of 2,000", lines[2]);
        Assert.Equal($"held    ━{new string('─', 39)}  1 of 2,000", lines[3]);
        Assert.Equal("1,000 pictures, 62 images a minute, 272,000 tokens, $12.50 and perhaps $0.2500 more", lines[4]);
        Assert.Equal($"ends about {Darkroom.Cli.Words.Time(Now.AddMinutes(16))} (in 16 min)", lines[5]);
    }

    [Fact]
    public void A_batch_that_will_expire_before_its_end_says_so()
    {
        var tooSlow = Half with { ExpiresAt = Now.AddMinutes(5).ToUnixTimeSeconds() };

        Assert.Contains($"; what is not sent by {Darkroom.Cli.Words.Time(Now.AddMinutes(5))} expires)", BatchView.Line(tooSlow), StringComparison.Ordinal);
    }

    [Fact]
    public void A_batch_that_is_paused_says_so_and_one_that_has_ended_tells_no_pace()
    {
        Assert.StartsWith("paused: 1,000 of 2,000 done, 30 failed, 1 held, 1 canceled; ", BatchView.Line(Half with { PausedAt = 1 }), StringComparison.Ordinal);
        Assert.EndsWith("1,000 pictures, 272,000 tokens, $12.50", BatchView.Line(Half with { Status = "completed", Cost = new("USD", 12.5m, 0) }), StringComparison.Ordinal);
        Assert.Contains("unknown", BatchView.Line(Half with { Cost = new("USD", null, null) }), StringComparison.Ordinal);
    }
}
