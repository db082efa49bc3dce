using System.Text.Json;
using Darkroom.Worker.Api;
using Darkroom.Worker.Endpoint;
using Darkroom.Worker.Webhooks;

namespace Darkroom.Worker.Submission;

/// <summary>Reads the fields of one JSON object and judges them together, so that all wrong ones are named at once.</summary>
internal ref struct FieldReader(ReadOnlySpan<byte> json, IReadOnlyList<Parameter> parameters, SubmittedJob job)
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
                ? new(name, "unknown_parameter", $"'{name}' is not a parameter of this call{Spelling.Suggest(name, parameters.Select(p => p.Name))}.")
                : new(null, "invalid_json", $"The name at {JsonPlace.At(json, place)} {nameFault}."));
            reader.Skip();
        }
    }

    readonly void ReadField(ref Utf8JsonReader reader, int index, long place)
    {
        var parameter = parameters[index];
        if (given[index])
            faults[index] = new(parameter.Name, "duplicate_parameter", $"'{parameter.Name}' is given twice, again at {JsonPlace.At(json, place)}.");
        var value = reader;
        if (!given[index] && reader.TokenType != JsonTokenType.Null && parameter.Read(ref value, job) is { } fault)
            faults[index] = new(parameter.Name, "invalid_type", $"'{parameter.Name}' {fault}.");
        given[index] |= reader.TokenType != JsonTokenType.Null;
        reader.Skip();
    }

    /// <summary>Applies the rules once every field is known, in the order of the parameter list; strangers come last.</summary>
    public readonly Reading Judge(EndpointSettings settings, Receivers receivers, DateTimeOffset now)
    {
        var endpoint = settings.EndpointFor(job.Model);
        var context = new RuleContext(settings, endpoint is null ? null : settings.Model(job.Model), now, receivers);
        if (endpoint is not null && context.Model is { } model)
        {
            job.Endpoint = endpoint.Name;
            FillFrom(model);
        }
        for (var i = 0; i < parameters.Count; i++)
            faults[i] ??= Judge(parameters[i], given[i], context);
        Fault[] all = [.. faults.OfType<Fault>(), .. strangers];
        return all.Length == 0 ? new(job, []) : new(null, all);
    }

    readonly Fault? Judge(Parameter parameter, bool given, RuleContext context) =>
        !given
            ? parameter.Required ? new(parameter.Name, "missing_required_parameter", $"'{parameter.Name}' is required.") : null
            : parameter.Rule(job, context) is { } fault ? new(parameter.Name, parameter.Code, $"'{parameter.Name}' {fault}.") : null;

    /// <summary>What is not asked for is <c>auto</c> where the model knows it, else its first choice.</summary>
    readonly void FillFrom(ModelOptions model)
    {
        if (!given[IndexOf("quality")] && !model.Qualities.Contains(job.Quality))
            job.Quality = model.Qualities[0];
        if (!given[IndexOf("size")] && !model.Sizes.Contains(job.Size))
            job.Size = model.Sizes[0];
    }

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
