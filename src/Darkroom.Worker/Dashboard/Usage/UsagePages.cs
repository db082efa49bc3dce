using System.Globalization;
using System.Text;
using Darkroom.Client;
using Darkroom.Migrations;
using Darkroom.Worker.Access;
using Darkroom.Worker.Api;
using Darkroom.Worker.Usage;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Dashboard.Usage;

/// <summary>What the usage page is asked for; days in UTC, the last one included.</summary>
public sealed record UsageAsked(DateOnly From, DateOnly Until, string By)
{
    public static readonly string[] Choices = ["day", "model", "quality", "size", "batch", "endpoint"];

    const int DefaultDays = 30, MostDays = 366;

    internal static UsageAsked Of(IQueryCollection query, DateOnly today)
    {
        DateOnly? Day(string name) => DateOnly.TryParseExact(query[name], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null;
        var until = Day("until") ?? today;
        var from = Day("from") ?? until.AddDays(1 - DefaultDays);
        if (from > until)
            (from, until) = (until, from);
        if (until.DayNumber - from.DayNumber >= MostDays)
            from = until.AddDays(1 - MostDays);
        return new(from, until, Array.Find(Choices, c => c == query["by"]) ?? "day");
    }

    internal UsageQuery Query(string by, int limit) => new([Array.Find(UsageGroup.All, g => g.Name == by)!], From, Until.AddDays(1), After: null, limit);
}

/// <summary>Tokens, pictures and money by day and kind, as a page and as CSV.</summary>
internal static class UsagePages
{
    /// <summary>Lines on the page; the CSV has them all.</summary>
    const int MostLines = 400, MostCsvLines = 200_000;

    public static void Map(RouteGroupBuilder pages)
    {
        pages.MapGet("/usage", ShowAsync);
        pages.MapGet("/usage.csv", CsvAsync);
    }

    static async Task<IResult> ShowAsync(HttpContext http, IDbContextFactory<DarkroomDb> databases, TimeProvider time, CancellationToken ct)
    {
        var asked = UsageAsked.Of(http.Request.Query, Today(time));
        await using var db = await databases.CreateDbContextAsync(ct);
        var project = http.User.ProjectId();
        var lines = await UsageReport.ReadAsync(db, project, asked.Query(asked.By, MostLines), ct);
        return new RazorComponentResult<UsagePage>(new
        {
            Visitor = Visitor.Of(http),
            Asked = asked,
            Days = asked.By == "day" ? lines : await UsageReport.ReadAsync(db, project, asked.Query("day", MostLines), ct),
            Lines = lines.Take(MostLines).ToList(),
            Cut = lines.Count > MostLines,
            Sum = (await UsageReport.ReadAsync(db, project, asked.Query("day", 1) with { Groups = [] }, ct)).Single(),
        });
    }

    static async Task<IResult> CsvAsync(HttpContext http, IDbContextFactory<DarkroomDb> databases, TimeProvider time, CancellationToken ct)
    {
        var asked = UsageAsked.Of(http.Request.Query, Today(time));
        await using var db = await databases.CreateDbContextAsync(ct);
        var lines = await UsageReport.ReadAsync(db, http.User.ProjectId(), asked.Query(asked.By, MostCsvLines), ct);
        var csv = new StringBuilder(
            $"{asked.By},images,attempts,unknown_attempts,input_tokens,output_tokens,total_tokens,cost_usd,wasted_usd,possible_usd,attempts_without_price\r\n");
        foreach (var line in lines)
            csv.Append(CultureInfo.InvariantCulture, $"{Quoted(Name(line, asked.By))},{line.Images},{line.Attempts},{line.UnknownAttempts},{line.InputTokens},{line.OutputTokens},")
                .Append(CultureInfo.InvariantCulture, $"{line.TotalTokens},{line.Cost.Amount},{line.Cost.Wasted},{line.Cost.Possible},{line.Unpriced}\r\n");
        return TypedResults.File(Encoding.UTF8.GetBytes(csv.ToString()), "text/csv; charset=utf-8", $"darkroom-usage-by-{asked.By}-{asked.From:yyyy-MM-dd}-{asked.Until:yyyy-MM-dd}.csv");
    }

    public static string Name(UsageLine line, string by) => by switch
    {
        "day" => line.Day?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) ?? "",
        "model" => line.Model!,
        "quality" => line.Quality!,
        "size" => line.Size!,
        "endpoint" => line.Endpoint!,
        _ => line.Batch ?? "no batch",
    };

    /// <summary>A spreadsheet would run a field that begins like a formula; model and size names come from others.</summary>
    static string Quoted(string field) =>
        $"\"{(field is ['=' or '+' or '-' or '@' or '\t' or '\r', ..] ? "'" : "")}{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    static DateOnly Today(TimeProvider time) => DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
}
