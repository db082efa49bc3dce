using System.Text.Json;
using Darkroom.Worker.Api;

namespace Darkroom.Worker.Submission;

/// <summary>One field that a request may carry: how its value is read, what it must hold, how it is written canonically.</summary>
/// <param name="Read">Stores the value; answers what is wrong with its type, else null.</param>
/// <param name="Write">Writes name and value as the canonical body holds them, the same for every spelling of a request; nothing for null.</param>
/// <param name="Rule">Answers what is wrong with the value, else null; asked once all fields are read.</param>
internal sealed record Parameter(string Name, Parameter.Reading Read, Parameter.Writing Write, Parameter.Ruling Rule)
{
    internal delegate string? Reading(ref Utf8JsonReader reader, SubmittedJob into);

    internal delegate void Writing(Utf8JsonWriter writer, string name, SubmittedJob job);

    internal delegate string? Ruling(SubmittedJob job, RuleContext context);

    public bool Required { get; init; }

    /// <summary>The error code of a value that breaks the rule.</summary>
    public string Code { get; init; } = "invalid_value";

    public static Parameter Text(string name, Func<SubmittedJob, string?> get, Action<SubmittedJob, string> set, Ruling rule)
    {
        string? Read(ref Utf8JsonReader reader, SubmittedJob into)
        {
            if (reader.TokenType != JsonTokenType.String)
                return Not("a string", reader.TokenType);
            if (StrictText.Read(ref reader, out var text) is { } fault)
                return fault;
            set(into, text);
            return null;
        }
        void Write(Utf8JsonWriter writer, string key, SubmittedJob job)
        {
            if (get(job) is { } text)
                writer.WriteString(key, text);
        }
        return new(name, Read, Write, rule);
    }

    public static Parameter Whole(
        string name, Func<SubmittedJob, int> get, Action<SubmittedJob, int> set, int least, Func<RuleContext, int?> most)
    {
        string? Read(ref Utf8JsonReader reader, SubmittedJob into)
        {
            if (reader.TokenType != JsonTokenType.Number)
                return Not("a whole number", reader.TokenType);
            if (reader.ValueSpan.IndexOfAny((byte)'.', (byte)'e', (byte)'E') >= 0)
                return "must be a whole number, without fraction or exponent";
            // What overflows is out of any range: the rule says which.
            set(into, reader.TryGetInt32(out var value) ? value : int.MaxValue);
            return null;
        }
        string? Rule(SubmittedJob job, RuleContext context) =>
            get(job) < least || get(job) > most(context) ? most(context) is { } limit ? $"must be from {least} to {limit}" : $"must be at least {least}" : null;
        return new(name, Read, (writer, key, job) => writer.WriteNumber(key, get(job)), Rule);
    }

    public static Parameter Time(
        string name, Func<SubmittedJob, DateTimeOffset?> get, Action<SubmittedJob, DateTimeOffset> set, Ruling rule)
    {
        string? Read(ref Utf8JsonReader reader, SubmittedJob into)
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
        void Write(Utf8JsonWriter writer, string key, SubmittedJob job)
        {
            if (get(job) is { } time)
                writer.WriteString(key, time.UtcDateTime);
        }
        return new(name, Read, Write, rule);
    }

    /// <summary>An object whose values are strings.</summary>
    public static Parameter Pairs(
        string name, Func<SubmittedJob, Dictionary<string, string>> get, Action<SubmittedJob, Dictionary<string, string>> set, Ruling rule)
    {
        string? Read(ref Utf8JsonReader reader, SubmittedJob into)
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
        void Write(Utf8JsonWriter writer, string key, SubmittedJob job)
        {
            writer.WriteStartObject(key);
            foreach (var pair in get(job).OrderBy(p => p.Key, StringComparer.Ordinal))
                writer.WriteString(pair.Key, pair.Value);
            writer.WriteEndObject();
        }
        return new(name, Read, Write, rule);
    }

    /// <summary>A set of words: their order means nothing.</summary>
    public static Parameter Words(string name, Func<SubmittedJob, string[]?> get, Action<SubmittedJob, string[]> set, Ruling rule)
    {
        string? Read(ref Utf8JsonReader reader, SubmittedJob into)
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
        void Write(Utf8JsonWriter writer, string key, SubmittedJob job)
        {
            if (get(job) is not { } words)
                return;
            writer.WriteStartArray(key);
            foreach (var word in words)
                writer.WriteStringValue(word);
            writer.WriteEndArray();
        }
        return new(name, Read, Write, rule);
    }

    static string Not(string wanted, JsonTokenType found) => $"must be {wanted}, not " + found switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.String => "a string",
        JsonTokenType.Number => "a number",
        JsonTokenType.True or JsonTokenType.False => "a boolean",
        _ => "null",
    };
}
