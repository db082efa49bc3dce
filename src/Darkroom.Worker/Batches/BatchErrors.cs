using System.Buffers;
using System.Text;
using System.Text.Json;
using Darkroom.Worker.Api;

namespace Darkroom.Worker.Batches;

/// <summary>Collects what is wrong with a file, in its order, the first thousand.</summary>
internal sealed class BatchErrors
{
    const int Most = 1000;

    readonly List<(int? Line, Fault Fault)> errors = [];

    /// <param name="line">Null where it concerns the whole file.</param>
    public void Add(int? line, Fault fault)
    {
        if (errors.Count < Most)
            errors.Add((line, fault));
    }

    /// <summary>As <c>batches.errors</c> keeps them; null where there are none.</summary>
    public string? ToJson()
    {
        if (errors.Count == 0)
            return null;
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartArray();
            foreach (var (line, fault) in errors)
            {
                writer.WriteStartObject();
                writer.WriteString("code", fault.Code);
                if (line is { } number)
                    writer.WriteNumber("line", number);
                else
                    writer.WriteNull("line");
                writer.WriteString("message", fault.Message);
                writer.WriteString("param", fault.Param);
                writer.WriteEndObject();
            }
            writer.WriteEndArray();
        }
        return Encoding.UTF8.GetString(json.WrittenSpan);
    }
}
