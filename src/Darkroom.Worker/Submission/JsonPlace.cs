using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Darkroom.Worker.Submission;

/// <summary>Says where in a JSON text something is: lines and characters count from 1, as editors count.</summary>
internal static class JsonPlace
{
    public static string At(ReadOnlySpan<byte> json, long offset)
    {
        var before = json[..(int)Math.Clamp(offset, 0, json.Length)];
        var line = before[(before.LastIndexOf((byte)'\n') + 1)..];
        return $"line {before.Count((byte)'\n') + 1}, column {Encoding.UTF8.GetCharCount(line) + 1}";
    }

    public static string At(ReadOnlySpan<byte> json, JsonException exception)
    {
        var start = 0;
        for (var line = exception.LineNumber ?? 0; line > 0; line--)
            start += json[start..].IndexOf((byte)'\n') + 1;
        return At(json, start + (exception.BytePositionInLine ?? 0));
    }

    /// <summary>Offset of the first byte that is not UTF-8; null where all are.</summary>
    public static int? FirstInvalidByte(ReadOnlySpan<byte> json)
    {
        if (Utf8.IsValid(json))
            return null;
        var offset = 0;
        while (Rune.DecodeFromUtf8(json[offset..], out _, out var length) == System.Buffers.OperationStatus.Done)
            offset += length;
        return offset;
    }
}
