using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Darkroom.Cli.Submitting;

/// <summary>One line of a batch. What is null is left to the endpoint's default.</summary>
internal sealed record ImageRequest(string CustomId, string Model, string Prompt, string? Quality, int? N, string? Size)
{
    public const string Method = "POST", Url = "/v1/images/generations";

    static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>As a line of OpenAI's batch files, line end included.</summary>
    public void WriteTo(IBufferWriter<byte> target)
    {
        using (var json = new Utf8JsonWriter(target, Readable))
        {
            json.WriteStartObject();
            json.WriteString("custom_id", CustomId);
            json.WriteString("method", Method);
            json.WriteString("url", Url);
            json.WriteStartObject("body");
            json.WriteString("model", Model);
            json.WriteString("prompt", Prompt);
            if (Quality is not null)
                json.WriteString("quality", Quality);
            if (N is { } n)
                json.WriteNumber("n", n);
            if (Size is not null)
                json.WriteString("size", Size);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        target.Write("\n"u8);
    }
}

/// <summary>What lines that do not say it themselves ask for.</summary>
internal sealed record RequestDefaults(string? Model, string? Quality, int? N, string? Size);
