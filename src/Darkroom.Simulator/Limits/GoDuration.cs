using System.Globalization;

namespace Darkroom.Simulator.Limits;

/// <summary>Durations as the real endpoint's limit headers write them: <c>20ms</c>, <c>8.64s</c>, <c>6m0s</c>, <c>1h0m0s</c>.</summary>
internal static class GoDuration
{
    public static string Format(TimeSpan time)
    {
        if (time < TimeSpan.FromSeconds(1))
            return string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(Math.Max(0, time.TotalMilliseconds))}ms");
        var text = string.Create(CultureInfo.InvariantCulture, $"{Math.Round(time.TotalSeconds % 60, 3)}s");
        if (time >= TimeSpan.FromMinutes(1))
            text = $"{time.Minutes}m{text}";
        return time >= TimeSpan.FromHours(1) ? $"{(int)time.TotalHours}h{text}" : text;
    }
}
