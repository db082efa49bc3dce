namespace Darkroom.Worker.Files;

/// <summary>OpenAI's rule for how long a file may be kept.</summary>
internal static class ExpiresAfter
{
    public const string OnlyAnchor = "created_at";

    const long Least = 3600, Most = 30 * 24 * 3600;

    /// <summary>To follow the field's name in a sentence.</summary>
    public static readonly string Rule = $"must be a whole number of seconds from {Least} (an hour) to {Most} (30 days)";

    public static bool Takes(long seconds) => seconds is >= Least and <= Most;
}
