using System.Text.Json;
using Darkroom.Worker.Api;
using Darkroom.Worker.Endpoint;
using Darkroom.Worker.Webhooks;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Submission;

/// <summary>
/// Reads a submission from JSON, strictly: what is misspelt, doubled or of the wrong type is refused, because a job that silently lost
/// a field costs money before anyone sees it.
/// </summary>
internal sealed class SubmissionReader(IOptions<EndpointSettings> settings, Receivers receivers)
{
    static readonly JsonReaderOptions Strict = new() { CommentHandling = JsonCommentHandling.Disallow, AllowTrailingCommas = false };

    /// <param name="json">One JSON object, as UTF-8.</param>
    /// <param name="parameters">The fields it may have, one of the lists of <see cref="Parameters"/>.</param>
    /// <param name="now">Deadlines must lie after it.</param>
    public Reading Read(ReadOnlySpan<byte> json, IReadOnlyList<Parameter<SubmittedJob>> parameters, DateTimeOffset now)
    {
        var job = new SubmittedJob();
        var fields = new FieldReader<SubmittedJob>(json, parameters, job);
        if (ReadObject(json, fields) is { } malformed)
            return new(null, [malformed]);
        var endpoint = settings.Value.EndpointFor(job.Model);
        var model = endpoint is null ? null : settings.Value.Model(job.Model);
        if (model is not null)
        {
            job.Endpoint = endpoint!.Name;
            FillFrom(model, job, fields);
        }
        var faults = fields.Judge(Context(model, now));
        return faults.Length == 0 ? new(job, []) : new(null, faults);
    }

    /// <summary>Reads another kind of object by the same rules.</summary>
    /// <returns>All that is wrong; nothing where <paramref name="into"/> now holds what it says.</returns>
    public Fault[] Read<T>(ReadOnlySpan<byte> json, IReadOnlyList<Parameter<T>> parameters, T into)
    {
        var fields = new FieldReader<T>(json, parameters, into);
        return ReadObject(json, fields) is { } malformed ? [malformed] : fields.Judge(Context(model: null, now: default));
    }

    RuleContext Context(ModelOptions? model, DateTimeOffset now) => new(settings.Value, model, now, receivers);

    static Fault? ReadObject<T>(ReadOnlySpan<byte> json, FieldReader<T> fields)
    {
        if (JsonPlace.FirstInvalidByte(json) is { } invalid)
            return Malformed($"it is not UTF-8 at {JsonPlace.At(json, invalid)}");
        if (json.Trim(" \t\r\n"u8).IsEmpty)
            return Malformed("it is empty");
        try
        {
            var reader = new Utf8JsonReader(json, Strict);
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
                return Malformed("it must be an object, in braces");
            fields.ReadObject(ref reader);
            reader.Read(); // Whatever follows the object throws here.
            return null;
        }
        catch (JsonException exception)
        {
            return Malformed($"at {JsonPlace.At(json, exception)}: {Reason(exception)}");
        }
    }

    /// <summary>What is not asked for is <c>auto</c> where the model knows it, else its first choice.</summary>
    static void FillFrom(ModelOptions model, SubmittedJob job, FieldReader<SubmittedJob> fields)
    {
        if (!fields.IsGiven("quality") && !model.Qualities.Contains(job.Quality))
            job.Quality = model.Qualities[0];
        if (!fields.IsGiven("size") && !model.Sizes.Contains(job.Size))
            job.Size = model.Sizes[0];
    }

    static Fault Malformed(string reason) => new(null, "invalid_json", $"The body is not the JSON we expect: {reason}.");

    /// <summary>Without the position that System.Text.Json appends: it counts bytes from zero.</summary>
    static string Reason(JsonException exception) => exception.Message.Split(" LineNumber:")[0].TrimEnd('.');
}

/// <summary>What reading led to: a job, or all that is wrong.</summary>
internal readonly record struct Reading(SubmittedJob? Job, IReadOnlyList<Fault> Faults);
