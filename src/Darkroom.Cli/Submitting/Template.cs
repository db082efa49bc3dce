using System.Text;

namespace Darkroom.Cli.Submitting;

/// <summary>A text with the columns of a table in it: <c>a photo of {name} on {colour}</c>. <c>{{</c> and <c>}}</c> are braces.</summary>
internal sealed class Template
{
    /// <summary>What stands between placeholders, and the placeholders' columns.</summary>
    readonly List<(string Text, int? Column)> parts = [];

    /// <summary>The columns in use.</summary>
    public IEnumerable<int> Columns => parts.Where(p => p.Column is not null).Select(p => p.Column!.Value).Distinct();

    /// <param name="columns">The names of the table's columns.</param>
    /// <param name="mistake">Called with the place, from 1, and what is wrong there.</param>
    public static Template Parse(string text, string[] columns, Action<int, string> mistake)
    {
        var template = new Template();
        var plain = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            var doubled = i + 1 < text.Length && text[i + 1] == text[i];
            if (text[i] is not ('{' or '}') || doubled)
            {
                plain.Append(text[i]);
                i += text[i] is '{' or '}' ? 1 : 0;
                continue;
            }
            var end = text[i] == '{' ? text.IndexOf('}', i) : -1;
            if (end < 0)
            {
                mistake(i + 1, $"'{text[i]}' stands alone; a brace that is meant is doubled: {text[i]}{text[i]}.");
                continue;
            }
            var name = text[(i + 1)..end];
            var column = columns.IndexOf(name);
            if (column < 0)
                mistake(i + 1, $"there is no column '{name}'; the columns are {string.Join(", ", columns)}.");
            template.parts.Add((plain.ToString(), column));
            plain.Clear();
            i = end;
        }
        template.parts.Add((plain.ToString(), null));
        return template;
    }

    public string Fill(IReadOnlyList<CsvField> record)
    {
        var text = new StringBuilder();
        foreach (var (plain, column) in parts)
            text.Append(plain).Append(column is { } at ? record[at].Text : "");
        return text.ToString();
    }
}
