using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Darkroom.Worker.Decoding;
using Xunit;

namespace Darkroom.Tests.Decoding;

/// <summary>The same reading of a body done the plain way: everything in memory, by System.Text.Json and Convert.FromBase64String.</summary>
internal static class Oracle
{
    /// <summary>Our result for this body, in these slices, is the oracle's: the same fields and bytes, or a fault where it refuses.</summary>
    public static async Task AgreesAsync(byte[] body, params int[] slices)
    {
        DecodedBody ours = await DecodedBody.FromAsync(body, slices);
        using JsonDocument? document = Parse(body);
        if (document is null)
        {
            Assert.True(
                ours.Result.Fault?.Kind is DecodeFaultKind.NotJson or DecodeFaultKind.Truncated or DecodeFaultKind.TooDeep,
                $"{ours.Result.Fault?.Kind} for {Encoding.Latin1.GetString(body)}");
            return;
        }

        JsonElement root = document.RootElement;
        Assert.Null(ours.Result.Fault);
        Assert.Equal(First(root, "created") is { ValueKind: JsonValueKind.Number } n && n.TryGetInt64(out long created) ? created : null, ours.Result.Created);
        Assert.Equal(ShortText(First(root, "size")), ours.Result.Size);
        Assert.Equal(ShortText(First(root, "quality")), ours.Result.Quality);
        Assert.Equal(ShortText(First(root, "output_format")), ours.Result.OutputFormat);
        Assert.Equal(Raw(First(root, "usage")), ours.Result.UsageJson);
        Assert.Equal(Raw(First(root, "error")), ours.Result.ErrorJson);

        JsonElement[] data = First(root, "data") is { ValueKind: JsonValueKind.Array } array ? [.. array.EnumerateArray().Take(new DecodingOptions().MaxPictures)] : [];
        Assert.Equal(data.Length, ours.Result.Pictures.Count);
        for (int i = 0; i < data.Length; i++) AgreesOnPicture(data[i], ours, i);
    }

    private static void AgreesOnPicture(JsonElement element, DecodedBody ours, int index)
    {
        PictureFault? fault = Picture(element, out byte[] bytes);
        PictureFault? found = ours.Result.Pictures[index].Fault;
        if (fault is null) ours.HasPicture(index, bytes);
        // Bad base64 behind a start that is no picture's is not looked at any more.
        else Assert.True(found == fault || (found == PictureFault.UnknownFormat && fault == PictureFault.BadBase64), $"{found} instead of {fault}");
    }

    private static PictureFault? Picture(JsonElement element, out byte[] bytes)
    {
        bytes = [];
        if (element.ValueKind != JsonValueKind.Object) return PictureFault.Missing;
        JsonElement? b64 = First(element, "b64_json");
        if (b64 is null or { ValueKind: JsonValueKind.Null })
        {
            bool hasUrl = element.EnumerateObject().Any(p => Named(p, "url") && p.Value.ValueKind == JsonValueKind.String && p.Value.GetRawText() != "\"\"");
            return hasUrl ? PictureFault.UrlOnly : PictureFault.Missing;
        }

        if (b64.Value.ValueKind != JsonValueKind.String) return PictureFault.NotText;
        try
        {
            bytes = Convert.FromBase64String(b64.Value.GetString()!);
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException)
        {
            return PictureFault.BadBase64;
        }

        return bytes.Length == 0 ? PictureFault.Empty : Judge(bytes);
    }

    private static PictureFault? Judge(byte[] bytes)
    {
        byte[] padded = [.. bytes, .. new byte[40]];
        string latin = Encoding.Latin1.GetString(bytes);
        if (bytes.Length < 12) return PictureFault.UnknownFormat;
        if (latin.StartsWith("\u0089PNG\r\n\u001a\n", StringComparison.Ordinal))
        {
            bool sized = latin.IndexOf("\0\0\0\rIHDR", StringComparison.Ordinal) == 8 && bytes.Length >= 24
                && BinaryPrimitives.ReadInt32BigEndian(padded.AsSpan(16)) > 0 && BinaryPrimitives.ReadInt32BigEndian(padded.AsSpan(20)) > 0;
            return !sized ? PictureFault.BadDimensions
                : latin.EndsWith("\0\0\0\0IEND\u00aeB`\u0082", StringComparison.Ordinal) ? null : PictureFault.BadEnd;
        }

        if (latin.StartsWith("RIFF", StringComparison.Ordinal) && latin[8..12] == "WEBP")
        {
            uint size = BinaryPrimitives.ReadUInt32LittleEndian(padded.AsSpan(4));
            if (!WebPIsSized(padded, bytes.Length)) return PictureFault.BadDimensions;
            return bytes.Length - 8 == size || bytes.Length - 8 == size + (size % 2) ? null : PictureFault.BadEnd;
        }

        if (!latin.StartsWith("\u00ff\u00d8\u00ff", StringComparison.Ordinal)) return PictureFault.UnknownFormat;
        return !JpegIsSized(bytes) ? PictureFault.BadDimensions : latin.EndsWith("\u00ff\u00d9", StringComparison.Ordinal) ? null : PictureFault.BadEnd;
    }

    private static bool WebPIsSized(byte[] padded, int length) => length >= 30 && Encoding.Latin1.GetString(padded, 12, 4) switch
    {
        "VP8X" => true,
        "VP8 " => padded[23..26] is [0x9D, 0x01, 0x2A] && ((padded[26] | (padded[27] << 8)) & 0x3FFF) > 0 && ((padded[28] | (padded[29] << 8)) & 0x3FFF) > 0,
        "VP8L" => padded[20] == 0x2F,
        _ => false,
    };

    private static bool JpegIsSized(byte[] bytes)
    {
        int at = 2;
        while (at + 1 < bytes.Length && bytes[at] == 0xFF)
        {
            byte marker = bytes[at + 1];
            if (marker == 0xFF) at++;
            else if (marker is 1 or >= 0xD0 and <= 0xD7) at += 2;
            else if (marker is 0 or 0xD8 or 0xD9 or 0xDA || at + 3 >= bytes.Length) return false;
            else if (marker is < 0xC0 or > 0xCF or 0xC4 or 0xC8 or 0xCC)
            {
                int length = (bytes[at + 2] << 8) | bytes[at + 3];
                if (length < 2) return false;
                at += 2 + length;
            }
            else return at + 8 < bytes.Length && (bytes[at + 5] | bytes[at + 6]) != 0 && (bytes[at + 7] | bytes[at + 8]) != 0;
        }

        return false;
    }

    private static JsonDocument? Parse(byte[] body)
    {
        ReadOnlyMemory<byte> text = body.AsSpan().StartsWith<byte>([0xEF, 0xBB, 0xBF]) ? body.AsMemory(3) : body;
        if (!Utf8.IsValid(text.Span)) return null;
        try
        {
            JsonDocument document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static JsonElement? First(JsonElement parent, string name)
    {
        foreach (JsonProperty property in parent.EnumerateObject())
        {
            if (Named(property, name)) return property.Value;
        }

        return null;
    }

    private static bool Named(JsonProperty property, string name)
    {
        try
        {
            return property.Name == name;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static string? Raw(JsonElement? value) => value is null or { ValueKind: JsonValueKind.Null } ? null : value.Value.GetRawText();

    private static string? ShortText(JsonElement? value)
    {
        if (value is not { ValueKind: JsonValueKind.String }) return null;
        try
        {
            string text = value.Value.GetString()!;
            return text.Any(char.IsControl) || Encoding.UTF8.GetByteCount(text) > 128 ? null : text;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
