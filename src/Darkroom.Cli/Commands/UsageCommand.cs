using System.CommandLine;
using Darkroom.Client;

namespace Darkroom.Cli.Commands;

/// <summary><c>darkroom usage</c>: pictures, tokens and money.</summary>
internal static class UsageCommand
{
    static readonly string[] Groups = ["day", "project", "batch", "endpoint", "model", "quality", "size"];

    public static Command Create(Connection connection)
    {
        var by = new Option<string>("--by") { Description = $"Of {string.Join(", ", Groups)}, separated by commas.", DefaultValueFactory = _ => "day,model" };
        by.Validators.Add(result =>
        {
            if (Split(result.GetValueOrDefault<string>()).Except(Groups).FirstOrDefault() is { } unknown)
                result.AddError($"--by '{unknown}' is none of {string.Join(", ", Groups)}.");
        });
        var start = new Option<DateOnly?>("--start") { Description = "First day, UTC, such as 2026-11-01." };
        var end = new Option<DateOnly?>("--end") { Description = "The day after the last, UTC." };
        var command = new Command("usage", "Pictures, tokens and cost.") { by, start, end };
        connection.Run(command, (session, parsed, ct) =>
        {
            var groups = Split(parsed.GetValue(by));
            var lines = session.Darkroom.UsageAsync(groups, parsed.GetValue(start), parsed.GetValue(end), ct);
            return Listing.ShowAsync(session, lines, 0, DarkroomJson.Answers.UsageLine,
                [.. groups, "pictures", "calls", "tokens in", "tokens out", "cost", "perhaps more", "unpriced"], line => Row(groups, line), ct);
        });
        return command;
    }

    static string[] Split(string? groups) => groups?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    static string[] Row(string[] groups, UsageLine line) =>
    [
        .. groups.Select(group => Value(group, line) ?? "-"),
        Words.Count(line.Images), Words.Count(line.Attempts), Words.Count(line.InputTokens), Words.Count(line.OutputTokens),
        Words.Money(line.Cost.Currency, line.Cost.Amount), line.Cost.Possible > 0 ? Words.Money(line.Cost.Currency, line.Cost.Possible) : "",
        line.Unpriced > 0 ? Words.Count(line.Unpriced) : "",
    ];

    static string? Value(string group, UsageLine line) => group switch
    {
        "day" => line.Day?.ToString("O"),
        "project" => line.Project,
        "batch" => line.Batch,
        "endpoint" => line.Endpoint,
        "model" => line.Model,
        "quality" => line.Quality,
        _ => line.Size,
    };
}
