using System.CommandLine;
using System.Text.Json.Serialization.Metadata;
using Spectre.Console;

namespace Darkroom.Cli.Commands;

/// <summary>Lists: a table for a person, a line of JSON for each item for a program.</summary>
internal static class Listing
{
    /// <summary>Of a prompt or message in a table.</summary>
    public const int Widest = 60;

    public static Option<int> Limit() => new("--limit") { Description = "At most so many; 0 for all.", DefaultValueFactory = _ => 20 };

    /// <param name="limit">0 for all.</param>
    public static async Task<int> ShowAsync<T>(
        Session session, IAsyncEnumerable<T> items, int limit, JsonTypeInfo<T> type, string[] columns, Func<T, string[]> row, CancellationToken ct)
    {
        var shown = limit > 0 ? items.Take(limit) : items;
        if (session.Json)
        {
            await foreach (var item in shown.WithCancellation(ct))
                session.Terminal.Json(item, type);
            return ExitCode.Done;
        }
        var table = new Table().Border(session.Terminal.Out.Profile.Out.IsTerminal ? TableBorder.Simple : TableBorder.None);
        foreach (var (column, i) in columns.Select((c, i) => (c, i)))
            table.AddColumn(new TableColumn(new Text(column)) { NoWrap = i == 0 });
        await foreach (var item in shown.WithCancellation(ct))
            table.AddRow(row(item).Select(text => new Text(Terminal.Plain(text))));
        if (table.Rows.Count == 0)
            session.Hint("There are none.");
        else
            session.Terminal.Out.Write(table);
        return ExitCode.Done;
    }

    /// <summary>One thing, field by field.</summary>
    public static int Show<T>(Session session, T item, JsonTypeInfo<T> type, params (string Name, string? Value)[] fields)
    {
        if (session.Json)
            session.Terminal.Json(item, type);
        var known = fields.Where(f => !string.IsNullOrEmpty(f.Value)).ToList();
        var widest = known.Max(f => f.Name.Length);
        foreach (var (name, value) in known)
            session.Say($"{name.PadRight(widest)}  {value}");
        return ExitCode.Done;
    }
}
