using System.Globalization;

namespace Darkroom.Worker.DropIn;

/// <summary>What <c>Prefer</c> asks (RFC 7240): a job at once, or a job unless the result comes within a time. What is not understood is ignored.</summary>
internal readonly record struct Preference(bool Async, TimeSpan? Wait)
{
    /// <summary>A wait that is over is answered with the job.</summary>
    public bool TakesJob => Async || Wait is not null;

    public static Preference Of(HttpRequest request)
    {
        var (async, wait) = (false, (TimeSpan?)null);
        foreach (var preference in request.Headers["Prefer"].SelectMany(line => (line ?? "").Split(',')))
        {
            var (name, value) = preference.Split(';')[0].Split('=', 2) is [var left, var right]
                ? (left.Trim(), right.Trim().Trim('"'))
                : (preference.Split(';')[0].Trim(), "");
            if (name.Equals("respond-async", StringComparison.OrdinalIgnoreCase))
                async = true;
            // The first one counts, as the RFC has it.
            else if (name.Equals("wait", StringComparison.OrdinalIgnoreCase) && wait is null
                && uint.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
                wait = TimeSpan.FromSeconds(seconds);
        }
        return new(async, wait);
    }

    /// <summary>How long to wait where nobody waits longer than <paramref name="most"/>.</summary>
    public TimeSpan Within(TimeSpan most) => Wait is { } asked ? asked < most ? asked : most : Async ? TimeSpan.Zero : most;

    /// <summary>What is told in <c>Preference-Applied</c>.</summary>
    public string Applied(TimeSpan most) => string.Join(", ", new[]
    {
        Async ? "respond-async" : null,
        Wait is null ? null : string.Create(CultureInfo.InvariantCulture, $"wait={(long)Within(most).TotalSeconds}"),
    }.OfType<string>());
}
