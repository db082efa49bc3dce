using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Darkroom.Cli.Submitting;

/// <summary>
/// Reads the lines of a JSONL file, one after the other: OpenAI's <c>{custom_id, method, url, body}</c>, or for people who write by hand the
/// body's own fields, with <c>custom_id</c> if they like.
/// </summary>
internal sealed class JsonLine(InputErrors errors, RequestDefaults defaults)
{
    static readonly string[] Body = ["model", "prompt", "quality", "n", "size"], Outer = ["custom_id", "method", "url", "body"];

    readonly Dictionary<string, int> lineOfId = [];
    readonly Dictionary<string, JsonField> fields = [];
    ReadOnlyMemory<byte> line;
    int number;

    /// <returns>Null where the line is wrong, which <see cref="InputErrors"/> then tells.</returns>
    public ImageRequest? Read(int lineNumber, ReadOnlyMemory<byte> text)
    {
        (line, number) = (text, lineNumber);
        fields.Clear();
        var before = errors.Count;
        if (!Utf8.IsValid(line.Span))
            Wrong(ValidLength(line.Span), "is not UTF-8 here.");
        else
            Collect();
        if (errors.Count > before)
            return null;
        var request = Build();
        return errors.Count > before ? null : request;
    }

    /// <summary>Puts the fields of a line, whichever form it has, under their names.</summary>
    void Collect()
    {
        try
        {
            var outer = JsonField.ReadObject(line.Span, 0);
            if (!outer.Exists(f => f.Name is "method" or "url" or "body"))
            {
                Add(outer, ["custom_id", .. Body], "");
                return;
            }
            Add(outer, Outer, "");
            Expect("method", ImageRequest.Method);
            Expect("url", ImageRequest.Url);
            if (!fields.TryGetValue("body", out var body))
                Wrong(null, "'body' is missing: {\"model\": ..., \"prompt\": ...}.");
            else if (body.Type != JsonTokenType.StartObject)
                Wrong(body.ValueAt, "'body' must be an object.");
            else
                Add(JsonField.ReadObject(line.Span, body.ValueAt), Body, "body.");
        }
        catch (JsonException e)
        {
            Wrong((int)Math.Min(line.Length, e.BytePositionInLine ?? 0), $"is not JSON: {e.Message.Split(" LineNumber:")[0]}");
        }
    }

    void Add(List<JsonField> found, string[] known, string prefix)
    {
        foreach (var field in found)
        {
            if (!known.Contains(field.Name))
                Wrong(field.NameAt, $"'{prefix}{field.Name}' is no known field; known are {string.Join(", ", known)}.");
            else if (!fields.TryAdd(field.Name, field))
                Wrong(field.NameAt, $"'{prefix}{field.Name}' is given twice.");
        }
    }

    void Expect(string name, string value)
    {
        if (!fields.TryGetValue(name, out var field))
            Wrong(null, $"'{name}' is missing; it is \"{value}\".");
        else if (field.Value as string != value)
            Wrong(field.ValueAt, $"'{name}' must be \"{value}\".");
    }

    ImageRequest Build()
    {
        var customId = Text("custom_id") ?? $"line-{number}";
        if (!lineOfId.TryAdd(customId, number))
            Wrong(Given("custom_id")?.ValueAt, $"'custom_id' \"{customId}\" is that of line {lineOfId[customId]} too.");
        if (Given("model") is null && defaults.Model is null)
            Wrong(null, "'model' is missing; give it here, or to all lines with --model.");
        if (Given("prompt") is null)
            Wrong(null, "'prompt' is missing.");
        var n = Given("n");
        if (n is not null && n.Value is not > 0)
            Wrong(n.ValueAt, "'n' must be a whole number from 1.");
        return new(customId, Text("model") ?? defaults.Model ?? "", Text("prompt") ?? "",
            Text("quality") ?? defaults.Quality, n?.Value as int? ?? defaults.N, Text("size") ?? defaults.Size);
    }

    string? Text(string name)
    {
        if (Given(name) is not { } field)
            return null;
        if (field.Value is string text && !string.IsNullOrWhiteSpace(text))
            return text;
        Wrong(field.ValueAt, $"'{name}' must be text, and not blank.");
        return null;
    }

    /// <summary>As in Darkroom's API, null is the same as leaving a field out.</summary>
    JsonField? Given(string name) => fields.TryGetValue(name, out var field) && field.Type != JsonTokenType.Null ? field : null;

    /// <param name="at">Bytes from the line's beginning; an editor counts characters.</param>
    void Wrong(int? at, string message) => errors.Add(number, at is { } bytes ? 1 + Characters(line.Span[..bytes]) : null, message);

    static int Characters(ReadOnlySpan<byte> bytes)
    {
        var count = 0;
        foreach (var each in bytes)
            count += (each & 0xC0) == 0x80 ? 0 : 1;
        return count;
    }

    static int ValidLength(ReadOnlySpan<byte> bytes)
    {
        var length = 0;
        while (Rune.DecodeFromUtf8(bytes[length..], out _, out var read) == System.Buffers.OperationStatus.Done)
            length += read;
        return length;
    }
}
