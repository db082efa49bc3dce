using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Observability;

/// <summary><c>Darkroom:Telemetry</c>. Where traces and metrics are pushed to is said by OpenTelemetry's own variables (<c>OTEL_*</c>).</summary>
internal sealed class TelemetryOptions
{
    public const string Section = "Darkroom:Telemetry";
    public const int ShortestKey = 16, LongestKey = 256;

    /// <summary>
    /// What Prometheus sends as bearer token to <c>/metrics</c>; it opens nothing else. 16 to 256 visible ASCII characters. Default none:
    /// <c>/metrics</c> then asks for an admin key, which is looked up in the database, so that nothing is scraped while that is away.
    /// </summary>
    public string? MetricsKey { get; set; }

    /// <summary>Whether the log holds prompts, one line before each call. Default false: they may be anybody's private words.</summary>
    public bool LogPrompts { get; set; }

    /// <summary>Takes as long for a wrong key as for the right one.</summary>
    public bool Admits(string key) => MetricsKey is { Length: > 0 } expected && CryptographicOperations.FixedTimeEquals(
        SHA256.HashData(Encoding.UTF8.GetBytes(key)), SHA256.HashData(Encoding.UTF8.GetBytes(expected)));
}

/// <summary>Never repeats the key: messages of a failed start end up in logs.</summary>
internal sealed class TelemetryOptionsRules : IValidateOptions<TelemetryOptions>
{
    public ValidateOptionsResult Validate(string? name, TelemetryOptions options) => options.MetricsKey switch
    {
        null or "" => ValidateOptionsResult.Success,
        { Length: < TelemetryOptions.ShortestKey or > TelemetryOptions.LongestKey } key => ValidateOptionsResult.Fail(
            $"{TelemetryOptions.Section}:MetricsKey must have {TelemetryOptions.ShortestKey} to {TelemetryOptions.LongestKey} characters, not {key.Length}."),
        var key when !key.All(c => c is > ' ' and <= '~') => ValidateOptionsResult.Fail(
            $"{TelemetryOptions.Section}:MetricsKey must be of visible ASCII characters, without spaces."),
        _ => ValidateOptionsResult.Success,
    };
}
