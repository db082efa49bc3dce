using System.Text.Json.Serialization;

namespace Darkroom.Client;

/// <summary>A configured model, as OpenAI's API tells it.</summary>
/// <param name="Created">Unix seconds.</param>
/// <param name="OwnedBy">Who makes or routes it.</param>
public sealed record Model(string Id, long Created, string OwnedBy)
{
    /// <summary>Always <c>model</c>.</summary>
    [JsonPropertyOrder(-1)]
    public string Object { get; init; } = "model";

    /// <summary>When its maker ends it, RFC 3339; null where no date is configured. Beyond OpenAI.</summary>
    public DateTimeOffset? ShutdownAt { get; init; }
}
