using System.Text.Json;
using Darkroom.Worker.Submission;
using static Darkroom.Worker.Submission.Parameter<Darkroom.Worker.Batches.BatchLine>;
using static Darkroom.Worker.Submission.Rules;

namespace Darkroom.Worker.Batches;

/// <summary>One line of a file of lines: who calls it what, and where in it the request stands.</summary>
internal sealed class BatchLine
{
    /// <summary>What a line may ask for; images are all there is.</summary>
    public const string Url = "/v1/images/generations";

    public static readonly Parameter<BatchLine>[] Parameters =
    [
        Text("custom_id", l => l.CustomId, (l, v) => l.CustomId = v, (l, _) => Length(l.CustomId, 1, 512)) with { Required = true },
        Text("method", l => l.Method, (l, v) => l.Method = v, (l, _) => OneOf(l.Method, ["POST"])) with { Required = true },
        Text("url", l => l.AskedUrl, (l, v) => l.AskedUrl = v, (l, _) => OneOf(l.AskedUrl, [Url])) with { Required = true },
        new("body", ReadBody, (_, _, _) => { }, (_, _) => null) { Required = true },
    ];

    public string CustomId { get; set; } = "";

    public string Method { get; set; } = "";

    public string AskedUrl { get; set; } = "";

    /// <summary>The bytes of the line that are its request; null where it has none.</summary>
    public Range? Body { get; set; }

    static string? ReadBody(ref Utf8JsonReader reader, BatchLine into)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            return Not("an object", reader.TokenType);
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        into.Body = start..(int)reader.BytesConsumed;
        return null;
    }
}
