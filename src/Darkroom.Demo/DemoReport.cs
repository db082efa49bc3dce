using System.Globalization;
using Darkroom.Client;
using Spectre.Console;

namespace Darkroom.Demo;

/// <summary>What was asked, what came, and what it cost, as the ledger has it.</summary>
internal static class DemoReport
{
    public static async Task WriteAsync(DarkroomClient darkroom, List<Job> jobs, CancellationToken ct)
    {
        foreach (var status in jobs.CountBy(job => job.Status))
            AnsiConsole.MarkupLineInterpolated($"  [grey]{status.Key,-9}[/] {status.Value} jobs");
        foreach (var job in jobs.Where(job => job.Error is not null))
            AnsiConsole.MarkupLineInterpolated($"  [red]{job.CustomId}[/] {job.Error!.Message}");

        var table = new Table().Border(TableBorder.Rounded).AddColumns("model", "quality");
        foreach (var column in new[] { "images", "calls", "input tokens", "output tokens", "cost, US$" })
            table.AddColumn(new TableColumn(column).RightAligned());
        await foreach (var line in darkroom.UsageAsync(["model", "quality"], ct))
        {
            table.AddRow(
                Markup.Escape(line.Model ?? ""), Markup.Escape(line.Quality ?? ""), Number(line.Images), Number(line.Attempts),
                Number(line.InputTokens), Number(line.OutputTokens), line.Cost.Amount?.ToString("0.0000", CultureInfo.InvariantCulture) ?? "no price");
        }
        AnsiConsole.Write(table);
    }

    static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
