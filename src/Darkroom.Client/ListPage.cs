using System.Text.Json.Serialization;

namespace Darkroom.Client;

/// <summary>One page of any list. The next page is asked for with <c>after</c> = <c>last_id</c> while <c>has_more</c>.</summary>
public sealed record ListPage<T>(IReadOnlyList<T> Data, string? FirstId, string? LastId, bool HasMore)
{
    /// <summary>Always <c>list</c>.</summary>
    [JsonPropertyOrder(-1)]
    public string Object { get; init; } = "list";
}
