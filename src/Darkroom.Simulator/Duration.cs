using System.Globalization;
using System.Text.RegularExpressions;

namespace Darkroom.Simulator;

/// <summary>Durations as people write them: <c>200ms</c>, <c>5s</c>, <c>1.5m</c>, <c>1h</c>; a bare number is seconds.</summary>
internal static partial class Duration
{
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        var match = Pattern().Match(text);
        if (!match.Success)
            return false;
        var number = double.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
        duration = match.Groups[2].Value switch
        {
            "ms" => TimeSpan.FromMilliseconds(number),
            "m" => TimeSpan.FromMinutes(number),
            "h" => TimeSpan.FromHours(number),
            _ => TimeSpan.FromSeconds(number),
        };
        return true;
    }

    [GeneratedRegex(@"^\s*(\d{1,7}(?:\.\d{1,6})?)\s*(ms|s|m|h)?\s*$")]
    private static partial Regex Pattern();
}
