using System.Text.Json;
using Darkroom.Worker.Api;

namespace Darkroom.Worker.Submission;

/// <summary>Reads the fields of one JSON object and judges them together, so that all wrong ones are named at once.</summary>
internal ref struct FieldReader<T>(ReadOnlySpan<byte> json, IReadOnlyList<Parameter<T>> parameters, T into)
{
    readonly ReadOnlySpan<byte> json = json;
    readonly bool[] given = new bool[parameters.Count];
    readonly Fault?[] faults = new Fault?[parameters.Count];
    readonly List<Fault> strangers = [];

    /// <summary>From the object's opening brace to its closing one.</summary>
    /// <exception cref="JsonException">The text is not JSON.</exception>
    public readonly void ReadObject(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var place = reader.TokenStartIndex;
            var nameFault = StrictText.Read(ref reader, out var name);
            var index = IndexOf(name);
            reader.Read();
            if (index >= 0 && nameFault is null)
            {
                ReadField(ref reader, index, place);
                continue;
            }
            strangers.Add(nameFault is null
                ? new(Short(name), "unknown_parameter", $"'{Short(name)}' is not a parameter of this call{Spelling.Suggest(name, parameters.Select(p => p.Name))}.")
                : new(null, "invalid_json", $"The name at {JsonPlace.At(json, place)} {nameFault}."));
            reader.Skip();
        }
    }

    /// <summary>A name is told back, and kept with the errors of a file: someone's text in its place must not be.</summary>
    static string Short(string name)
    {
        const int Longest = 100;
        return name.Length <= Longest ? name : string.Concat(name.AsSpan(0, char.IsHighSurrogate(name[Longest - 1]) ? Longest - 1 : Longest), "…");
    }

    readonly void ReadField(ref Utf8JsonReader reader, int index, long place)
    {
        var parameter = parameters[index];
        if (given[index])
            faults[index] = new(parameter.Name, "duplicate_parameter", $"'{parameter.Name}' is given twice, again at {JsonPlace.At(json, place)}.");
        var value = reader;
        if (!given[index] && reader.TokenType != JsonTokenType.Null && parameter.Read(ref value, into) is { } fault)
            faults[index] = new(parameter.Name, parameter.TypeCode, $"'{parameter.Name}' {fault}.");
        given[index] |= reader.TokenType != JsonTokenType.Null;
        reader.Skip();
    }

    /// <summary>Applies the rules once every field is known, in the order of the parameter list; strangers come last.</summary>
    public readonly Fault[] Judge(RuleContext context)
    {
        for (var i = 0; i < parameters.Count; i++)
            faults[i] ??= Judge(parameters[i], given[i], context);
        return [.. faults.OfType<Fault>(), .. strangers];
    }

    readonly Fault? Judge(Parameter<T> parameter, bool given, RuleContext context) =>
        !given
            ? parameter.Required ? new(parameter.Name, "missing_required_parameter", $"'{parameter.Name}' is required.") : null
            : parameter.Rule(into, context) is { } fault ? new(parameter.Name, parameter.Code, $"'{parameter.Name}' {fault}.") : null;

    public readonly bool IsGiven(string name) => given[IndexOf(name)];

    readonly int IndexOf(string name)
    {
        for (var i = 0; i < parameters.Count; i++)
        {
            if (parameters[i].Name == name)
                return i;
        }
        return -1;
    }
}
