using System.Globalization;

namespace Darkroom.Cli.Submitting;

/// <summary>How a table becomes requests.</summary>
/// <param name="Template">The prompt, with columns in it; null: the column <c>prompt</c>.</param>
/// <param name="CustomId">A template too; null: the column <c>custom_id</c> where there is one, else the row's number.</param>
/// <param name="Parameters">Columns that are parameters of their row. Without a template every column is; with one, a column that happens to be
/// called <c>n</c> may count anything, and must not buy as many pictures unasked.</param>
internal sealed record CsvOptions(string? Template, string? CustomId, IReadOnlyList<string> Parameters, char Delimiter, bool AllowEmpty);

/// <summary>Makes requests of the records of one table.</summary>
internal sealed class CsvRequests
{
    static readonly string[] Known = ["custom_id", "model", "prompt", "quality", "n", "size"];

    readonly InputErrors errors;
    readonly RequestDefaults defaults;
    readonly CsvOptions options;
    readonly List<CsvField> header;
    readonly Template? prompt, customId;
    readonly Dictionary<string, int> parameters = [], lineOfId = [];

    public CsvRequests(List<CsvField> header, CsvOptions options, RequestDefaults defaults, InputErrors errors)
    {
        (this.header, this.options, this.defaults, this.errors) = (header, options, defaults, errors);
        string[] columns = [.. header.Select(c => c.Text)];
        foreach (var twice in header.Where((c, i) => columns.IndexOf(c.Text) < i))
            errors.Add(twice.Line, twice.Column, $"the column '{twice.Text}' is there twice.");
        prompt = Parse("--template", options.Template, columns);
        customId = Parse("--custom-id", options.CustomId, columns);
        TakeParameters();
        if (options.Template is null && !columns.Contains("prompt"))
            errors.Add(1, null, $"there is no column 'prompt'; make prompts of the columns with --template, such as \"a photo of {{{columns[0]}}}\".");
        if (columns is [var only] && only.Contains(';', StringComparison.Ordinal))
            errors.Add(1, null, "columns are separated by ';', it seems: give --delimiter ';'.");
    }

    /// <returns>Null where the record is wrong, which <see cref="InputErrors"/> then tells.</returns>
    public ImageRequest? Read(int row, int line, List<CsvField> record)
    {
        var before = errors.Count;
        if (record.Count != header.Count)
        {
            errors.Add(line, null, $"{record.Count} fields, where the header has {header.Count} columns.");
            return null;
        }
        if (!options.AllowEmpty)
            foreach (var column in prompt?.Columns ?? [])
                if (string.IsNullOrWhiteSpace(record[column].Text))
                    Wrong(record[column], $"'{header[column].Text}' is empty, and the template uses it; --allow-empty lets it be.");
        var text = prompt?.Fill(record) ?? record[parameters["prompt"]].Text;
        if (string.IsNullOrWhiteSpace(text))
            errors.Add(line, null, "the prompt is blank.");
        var id = customId?.Fill(record) ?? Given(record, "custom_id") ?? $"row-{row}";
        if (!lineOfId.TryAdd(id, line))
            errors.Add(line, null, $"the custom id \"{id}\" is that of line {lineOfId[id]} too.");
        var model = Given(record, "model") ?? defaults.Model;
        if (model is null)
            errors.Add(line, null, "no model; give one to all rows with --model.");
        var request = new ImageRequest(
            id, model ?? "", text, Given(record, "quality") ?? defaults.Quality, Number(record) ?? defaults.N, Given(record, "size") ?? defaults.Size);
        return errors.Count > before ? null : request;
    }

    Template? Parse(string option, string? text, string[] columns) =>
        text is null ? null : Template.Parse(text, columns, (place, message) => errors.Add(1, null, $"{option}, character {place}: {message}"));

    void TakeParameters()
    {
        foreach (var name in options.Parameters)
        {
            var column = header.FindIndex(c => c.Text == name);
            if (column < 0 || !Known.Contains(name))
                errors.Add(1, null, $"--parameters: '{name}' is {(column < 0 ? "no column" : $"no parameter; these are {string.Join(", ", Known)}")}.");
        }
        for (var i = 0; i < header.Count; i++)
        {
            var name = header[i].Text;
            if (Known.Contains(name) && (prompt is null || name == "custom_id" || options.Parameters.Contains(name)))
                parameters.TryAdd(name, i);
            else if (prompt is null && header.Exists(c => c.Text == "prompt"))
                errors.Add(1, header[i].Column, $"the column '{name}' is no parameter ({string.Join(", ", Known)}); a --template would use it.");
        }
    }

    string? Given(List<CsvField> record, string name) =>
        parameters.TryGetValue(name, out var column) && !string.IsNullOrWhiteSpace(record[column].Text) ? record[column].Text.Trim() : null;

    int? Number(List<CsvField> record)
    {
        if (Given(record, "n") is not { } text)
            return null;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n > 0)
            return n;
        Wrong(record[parameters["n"]], "'n' must be a whole number from 1.");
        return null;
    }

    void Wrong(CsvField field, string message) => errors.Add(field.Line, field.Column, message);
}
