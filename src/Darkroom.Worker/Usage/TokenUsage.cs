using System.Text.Json;

namespace Darkroom.Worker.Usage;

/// <summary>The figures of an endpoint's <c>usage</c> object that sums and prices need. Absent or odd members count as 0.</summary>
internal readonly record struct TokenUsage(long Input, long Output, long Total, long TextInput, long ImageInput, long CachedInput)
{
    /// <param name="json">The object as the endpoint sent it, or null.</param>
    /// <returns>Null where there is no usage object to read.</returns>
    public static TokenUsage? Read(string? json)
    {
        if (json is null)
            return null;
        try
        {
            using var document = JsonDocument.Parse(json);
            var usage = document.RootElement;
            if (usage.ValueKind != JsonValueKind.Object)
                return null;
            var details = Member(usage, "input_tokens_details");
            long input = Count(usage, "input_tokens"), output = Count(usage, "output_tokens");
            return new TokenUsage(
                input, output,
                usage.TryGetProperty("total_tokens", out _) ? Count(usage, "total_tokens") : input + output,
                details is null ? input : Count(details.Value, "text_tokens"),
                details is null ? 0 : Count(details.Value, "image_tokens"),
                details is null ? 0 : Count(details.Value, "cached_tokens"));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The second for a name or text with half a surrogate pair, which is JSON all the same.
            return null;
        }
    }

    static JsonElement? Member(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.Object ? member : null;

    // A negative or absurd figure must not poison the sums; the text itself is kept as it was sent.
    static long Count(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.Number && member.TryGetInt64(out var count)
            ? Math.Clamp(count, 0, int.MaxValue) : 0;
}
