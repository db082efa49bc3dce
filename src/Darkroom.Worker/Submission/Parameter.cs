using System.Text.Json;
using Darkroom.Worker.Api;

namespace Darkroom.Worker.Submission;

/// <summary>One field that a request may carry: how its value is read, what it must hold, how it is written canonically.</summary>
/// <param name="Read">Stores the value; answers what is wrong with its type, else null.</param>
/// <param name="Write">Writes name and value as the canonical body holds them, the same for every spelling of a request; nothing for null.</param>
/// <typeparam name="T">What the request is read into.</typeparam>
/// <param name="Rule">Answers what is wrong with the value, else null; asked once all fields are read.</param>
internal sealed record Parameter<T>(string Name, Parameter<T>.Reading Read, Parameter<T>.Writing Write, Parameter<T>.Ruling Rule)
{
    internal delegate string? Reading(ref Utf8JsonReader reader, T into);

    internal delegate void Writing(Utf8JsonWriter writer, string name, T from);

    internal delegate string? Ruling(T from, RuleContext context);

    public bool Required { get; init; }

    /// <summary>The error code of a value that breaks the rule.</summary>
    public string Code { get; init; } = "invalid_value";

    /// <summary>The error code of a value that cannot be read.</summary>
    public string TypeCode { get; init; } = "invalid_type";

    /// <summary>A field that is taken only where it asks for what happens anyway; it is not kept.</summary>
    /// <param name="value">A string, or false.</param>
    public static Parameter<T> Only(string name, object value)
    {
        string? Read(ref Utf8JsonReader reader, T into) => reader.TokenType switch
        {
            JsonTokenType.String when value is string text && reader.ValueTextEquals(text) => null,
            JsonTokenType.False when value is false => null,
            _ => $"can only be {(value is string text ? $"'{text}'" : "false")}: the endpoint takes no such field, and without it another picture would be bought",
        };
        return new(name, Read, (_, _, _) => { }, (_, _) => null) { TypeCode = "unsupported_value" };
    }

    public static Parameter<T> Text(string name, Func<T, string?> get, Action<T, string> set, Ruling rule)
    {
        string? Read(ref Utf8JsonReader reader, T into)
        {
            if (reader.TokenType != JsonTokenType.String)
                return Not("a string", reader.TokenType);
            if (StrictText.Read(ref reader, out var text) is { } fault)
                return fault;
            set(into, text);
            return null;
        }
        void Write(Utf8JsonWriter writer, string key, T from)
        {
            if (get(from) is { } text)
                writer.WriteString(key, text);
        }
        return new(name, Read, Write, rule);
    }

    public static Parameter<T> Whole(
        string name, Func<T, int> get, Action<T, int> set, int least, Func<RuleContext, int?> most)
    {
        string? Read(ref Utf8JsonReader reader, T into)
        {
            if (reader.TokenType != JsonTokenType.Number)
                return Not("a whole number", reader.TokenType);
            if (reader.ValueSpan.IndexOfAny((byte)'.', (byte)'e', (byte)'E') >= 0)
                return "must be a whole number, without fraction or exponent";
            // What overflows is out of any range: the rule says which.
            set(into, reader.TryGetInt32(out var value) ? value : int.MaxValue);
            return null;
        }
        string? Rule(T from, RuleContext context) =>
            get(from) < least || get(from) > most(context) ? most(context) is { } limit ? $"must be from {least} to {limit}" : $"must be at least {least}" : null;
        return new(name, Read, (writer, key, from) => writer.WriteNumber(key, get(from)), Rule);
    }

    public static Parameter<T> Time(
        string name, Func<T, DateTimeOffset?> get, Action<T, DateTimeOffset> set, Ruling rule)
    {
        string? Read(ref Utf8JsonReader reader, T into)
        {
            if (reader.TokenType != JsonTokenType.String)
                return Not("a string", reader.TokenType);
            if (StrictText.Read(ref reader, out var text) is { } fault)
                return fault;
            if (Rfc3339.Parse(text) is not { } time)
                return "must be an RFC 3339 time with its offset, such as 2026-01-31T12:00:00Z";
            set(into, time);
            return null;
        }
        void Write(Utf8JsonWriter writer, string key, T from)
        {
            if (get(from) is { } time)
                writer.WriteString(key, time.UtcDateTime);
        }
        return new(name, Read, Write, rule);
    }

    /// <summary>An object whose values are strings.</summary>
    public static Parameter<T> Pairs(
        string name, Func<T, Dictionary<string, string>> get, Action<T, Dictionary<string, string>> set, Ruling rule)
    {
        string? Read(ref Utf8JsonReader reader, T into)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
                return Not("an object of strings", reader.TokenType);
            var pairs = new Dictionary<string, string>(StringComparer.Ordinal);
            while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
            {
                if (StrictText.Read(ref reader, out var key) is { } keyFault)
                    return $"has a key that {keyFault}";
                reader.Read();
                if (reader.TokenType != JsonTokenType.String)
                    return $"has at '{key}' a value that {Not("a string", reader.TokenType)}";
                if (StrictText.Read(ref reader, out var value) is { } fault)
                    return $"has at '{key}' a value that {fault}";
                if (!pairs.TryAdd(key, value))
                    return $"has the key '{key}' twice";
            }
            set(into, pairs);
            return null;
        }
        void Write(Utf8JsonWriter writer, string key, T from)
        {
            writer.WriteStartObject(key);
            foreach (var pair in get(from).OrderBy(p => p.Key, StringComparer.Ordinal))
                writer.WriteString(pair.Key, pair.Value);
            writer.WriteEndObject();
        }
        return new(name, Read, Write, rule);
    }

    /// <summary>A set of words: their order means nothing.</summary>
    public static Parameter<T> Words(string name, Func<T, string[]?> get, Action<T, string[]> set, Ruling rule)
    {
        string? Read(ref Utf8JsonReader reader, T into)
        {
            if (reader.TokenType != JsonTokenType.StartArray)
                return Not("an array of strings", reader.TokenType);
            var words = new List<string>();
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (reader.TokenType != JsonTokenType.String)
                    return $"has at [{words.Count}] a value that {Not("a string", reader.TokenType)}";
                if (StrictText.Read(ref reader, out var word) is { } fault)
                    return $"has at [{words.Count}] a value that {fault}";
                words.Add(word);
            }
            set(into, [.. words.Order(StringComparer.Ordinal)]);
            return null;
        }
        void Write(Utf8JsonWriter writer, string key, T from)
        {
            if (get(from) is not { } words)
                return;
            writer.WriteStartArray(key);
            foreach (var word in words)
                writer.WriteStringValue(word);
            writer.WriteEndArray();
        }
        return new(name, Read, Write, rule);
    }

    public static string Not(string wanted, JsonTokenType found) => $"must be {wanted}, not " + found switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.String => "a string",
        JsonTokenType.Number => "a number",
        JsonTokenType.True or JsonTokenType.False => "a boolean",
        _ => "null",
    };
}
