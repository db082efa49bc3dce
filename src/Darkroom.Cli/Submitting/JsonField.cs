using System.Text.Json;

namespace Darkroom.Cli.Submitting;

/// <summary>One field of an object, and where it stands.</summary>
/// <param name="Value">A text or a whole number; null for anything else, and for text that is not Unicode.</param>
/// <param name="NameAt">Bytes from the line's beginning.</param>
internal sealed record JsonField(string Name, JsonTokenType Type, object? Value, int NameAt, int ValueAt)
{
    /// <param name="start">Where the object begins in the line.</param>
    /// <exception cref="JsonException">It is not one whole JSON object.</exception>
    public static List<JsonField> ReadObject(ReadOnlySpan<byte> line, int start)
    {
        var fields = new List<JsonField>();
        var reader = new Utf8JsonReader(line[start..]);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new JsonException("a line must be an object, {...}.", null, 0, start);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var nameAt = start + (int)reader.TokenStartIndex;
            var name = Text(ref reader) ?? "";
            reader.Read();
            var value = reader.TokenType switch
            {
                JsonTokenType.String => Text(ref reader),
                JsonTokenType.Number when reader.TryGetInt32(out var number) => (object)number,
                _ => null,
            };
            fields.Add(new(name, reader.TokenType, value, nameAt, start + (int)reader.TokenStartIndex));
            reader.Skip();
        }
        // Whatever follows a line's own object is wrong; the reader says so, and where.
        if (start == 0)
            reader.Read();
        return fields;
    }

    static string? Text(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString();
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair by escape.
            return null;
        }
    }
}
