using System.Collections.Frozen;

namespace Darkroom.Simulator.Contract;

/// <summary>Sizes, qualities and output tokens a picture, as the endpoint page gives them.</summary>
internal static class Catalog
{
    public static IReadOnlyList<string> Sizes { get; } = ["1024x1024", "1536x1024", "1024x1536"];

    public static IReadOnlyList<string> Qualities { get; } = ["low", "medium", "high"];

    private static readonly FrozenDictionary<(string Size, string Quality), int> Tokens = new Dictionary<(string, string), int>
    {
        [("1024x1024", "low")] = 272,
        [("1024x1024", "medium")] = 1056,
        [("1024x1024", "high")] = 4160,
        [("1024x1536", "low")] = 408,
        [("1024x1536", "medium")] = 1584,
        [("1024x1536", "high")] = 6240,
        [("1536x1024", "low")] = 400,
        [("1536x1024", "medium")] = 1568,
        [("1536x1024", "high")] = 6208,
    }.ToFrozenDictionary();

    public static int OutputTokens(string size, string quality) => Tokens[(size, quality)];
}
