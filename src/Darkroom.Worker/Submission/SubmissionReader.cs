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
    public Reading Read(ReadOnlySpan<byte> json, IReadOnlyList<Parameter> parameters, DateTimeOffset now)
    {
        if (JsonPlace.FirstInvalidByte(json) is { } invalid)
            return Malformed($"it is not UTF-8 at {JsonPlace.At(json, invalid)}");
        if (json.Trim(" \t\r\n"u8).IsEmpty)
            return Malformed("it is empty");
        try
        {
            var fields = new FieldReader(json, parameters, new SubmittedJob());
            var reader = new Utf8JsonReader(json, Strict);
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
                return Malformed("it must be an object, in braces");
            fields.ReadObject(ref reader);
            reader.Read(); // Whatever follows the object throws here.
            return fields.Judge(settings.Value, receivers, now);
        }
        catch (JsonException exception)
        {
            return Malformed($"at {JsonPlace.At(json, exception)}: {Reason(exception)}");
        }
    }

    static Reading Malformed(string reason) => new(null, [new(null, "invalid_json", $"The body is not the JSON we expect: {reason}.")]);

    /// <summary>Without the position that System.Text.Json appends: it counts bytes from zero.</summary>
    static string Reason(JsonException exception) => exception.Message.Split(" LineNumber:")[0].TrimEnd('.');
}

/// <summary>What reading led to: a job, or all that is wrong.</summary>
internal readonly record struct Reading(SubmittedJob? Job, IReadOnlyList<Fault> Faults);
