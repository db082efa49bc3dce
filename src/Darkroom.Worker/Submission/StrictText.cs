using System.Globalization;
using System.Text.Json;

namespace Darkroom.Worker.Submission;

/// <summary>Reads JSON strings and refuses, in words, those that are no Unicode text or that Postgres cannot keep.</summary>
internal static class StrictText
{
    /// <summary>Reads the string or property name the reader stands on; answers what is wrong with it, else null.</summary>
    public static string? Read(ref Utf8JsonReader reader, out string text)
    {
        text = "";
        if (reader.ValueIsEscaped && HasLoneSurrogate(reader.ValueSpan))
            return @"has half a surrogate pair (\ud800 to \udfff come in pairs)";
        text = reader.GetString()!;
        return text.Contains('\0') ? @"has a NUL character (\u0000), which cannot be stored" : null;
    }

    /// <summary>Length as the endpoint counts it: in Unicode code points, so that an emoji is one character and not two.</summary>
    public static int Characters(string text)
    {
        var count = text.Length;
        foreach (var unit in text)
            count -= char.IsLowSurrogate(unit) ? 1 : 0;
        return count;
    }

    static bool HasLoneSurrogate(ReadOnlySpan<byte> escaped)
    {
        for (var at = escaped.IndexOf((byte)'\\'); at >= 0 && at < escaped.Length;)
        {
            if (escaped[at] != '\\')
            {
                at++;
                continue;
            }
            if (CodeUnit(escaped, at) is not { } unit)
            {
                at += 2;
                continue;
            }
            at += 6;
            if (char.IsLowSurrogate(unit))
                return true;
            if (!char.IsHighSurrogate(unit))
                continue;
            if (CodeUnit(escaped, at) is not { } second || !char.IsLowSurrogate(second))
                return true;
            at += 6;
        }
        return false;
    }

    /// <summary>The UTF-16 code unit that <c>\uXXXX</c> at this place stands for; null where there is no such escape.</summary>
    static char? CodeUnit(ReadOnlySpan<byte> escaped, int at) =>
        at + 6 <= escaped.Length && escaped[at] == '\\' && escaped[at + 1] == 'u'
        && ushort.TryParse(escaped.Slice(at + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit)
            ? (char)unit
            : null;
}
