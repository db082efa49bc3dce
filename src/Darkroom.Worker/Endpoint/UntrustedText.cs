using System.Text;

namespace Darkroom.Worker.Endpoint;

/// <summary>Text of the endpoint's on its way to rows, logs and people.</summary>
internal static class UntrustedText
{
    /// <summary>
    /// One line without the API key (an endpoint may echo it), control characters (Postgres refuses NUL, terminals obey others) and
    /// lone surrogates (no UTF-8), at most <paramref name="maxChars"/> long. Null where nothing is left.
    /// </summary>
    public static string? Clean(string? text, string apiKey, int maxChars)
    {
        if (text is null)
            return null;
        // The key goes before anything is cut: a part of a key is a secret too.
        var clean = new StringBuilder();
        var gap = false;
        foreach (var rune in WithoutKey(text, apiKey).EnumerateRunes())
        {
            if (Rune.IsWhiteSpace(rune) || Rune.IsControl(rune))
            {
                gap = clean.Length > 0;
                continue;
            }
            var piece = gap ? $" {rune}" : rune.ToString();
            if (clean.Length + piece.Length > maxChars)
            {
                clean.Append('…');
                break;
            }
            clean.Append(piece);
            gap = false;
        }
        return clean.Length > 0 ? clean.ToString() : null;
    }

    public static string WithoutKey(string text, string apiKey) =>
        apiKey.Length == 0 ? text : text.Replace(apiKey, "[redacted]", StringComparison.Ordinal);
}
