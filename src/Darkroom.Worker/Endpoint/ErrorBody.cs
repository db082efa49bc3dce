using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Darkroom.Worker.Endpoint;

/// <summary>
/// What an error answer says, in any of the shapes that endpoints and gateways use: <c>{"error":{…}}</c>, other JSON, a web page, plain
/// text, nothing. As sent, so not to be shown before <see cref="UntrustedText.Clean"/>.
/// </summary>
internal sealed record ErrorBody(string? Code, string? Type, string? Message)
{
    /// <summary>Errors are a few hundred bytes; a gateway's page a few thousand. One without end must not keep the call.</summary>
    const int MaxBytes = 16 << 10;

    public static readonly ErrorBody Empty = new(null, null, null);

    /// <summary>
    /// Reads what comes, up to a bound and for as long as <paramref name="ct"/> lets it: the status has decided already, words are extra.
    /// </summary>
    public static async Task<ErrorBody> ReadAsync(HttpContent content, CancellationToken ct)
    {
        var buffer = new byte[MaxBytes];
        var length = 0;
        try
        {
            await using var body = await ContentCoding.OpenAsync(content, ct);
            for (int read; (read = await body.ReadAsync(buffer.AsMemory(length), ct)) > 0;)
                length += read;
        }
        catch (Exception e) when (e is IOException or HttpRequestException or InvalidDataException or InvalidOperationException or NotSupportedException
            or OperationCanceledException)
        {
        }
        return Parse(buffer.AsSpan(0, length));
    }

    public static ErrorBody Parse(ReadOnlySpan<byte> bytes)
    {
        var text = Encoding.UTF8.GetString(bytes);
        return OfJson(text, OfRoot) is { } error && error != Empty ? error
            : new ErrorBody(null, null, text.TrimStart().StartsWith('<') ? WebUtility.HtmlDecode(Tag.Replace(text, " ")) : text);
    }

    /// <param name="json">The value of an <c>error</c> member.</param>
    public static ErrorBody OfError(string json) => OfJson(json, OfValue) ?? new ErrorBody(null, null, json);

    /// <summary>Null where it is no JSON, or holds text that is no text (<c>"\ud800"</c> is legal JSON).</summary>
    static ErrorBody? OfJson(string json, Func<JsonElement, ErrorBody> read)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    static ErrorBody OfRoot(JsonElement root) =>
        root.ValueKind != JsonValueKind.Object ? Empty
        : root.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.Object ? OfValue(error)
        : OfValue(root);

    static ErrorBody OfValue(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object)
            return new ErrorBody(null, null, value.ToString());
        var message = Text(value, "message") ?? Text(value, "detail");
        return new ErrorBody(
            Text(value, "code"), Text(value, "type"), Text(value, "moderation_details") is { } details ? $"{message} {details}" : message);
    }

    static string? Text(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value.ToString() : null;

    /// <summary>In time linear in the page, however it is written.</summary>
    static readonly Regex Tag = new(
        "<style.*?</style[^>]*>?|<script.*?</script[^>]*>?|<[^>]*>?",
        RegexOptions.Singleline | RegexOptions.IgnoreCase | RegexOptions.NonBacktracking);
}
