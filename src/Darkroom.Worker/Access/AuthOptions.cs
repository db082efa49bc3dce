using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Access;

/// <summary><c>Darkroom:Auth</c>.</summary>
internal sealed class AuthOptions
{
    public const string Section = "Darkroom:Auth";
    public const int ShortestKey = 16, LongestKey = 256;

    /// <summary>
    /// An admin key of the project <c>default</c> that exists from the first start. 16 to 256 visible ASCII characters; none by default.
    /// Another value replaces the former at the next start; without a value the former stays.
    /// </summary>
    public string? BootstrapKey { get; set; }

    /// <summary>
    /// Requests that each node takes from one key in a minute, for keys without a limit of their own. 1 to 1,000,000; null, the default,
    /// is no limit.
    /// </summary>
    public int? RequestsPerMinute { get; set; }

    /// <summary>
    /// Bytes of one request's body, for keys without a limit of their own. 1024 or more; null, the default, leaves each call's own limit.
    /// </summary>
    public long? MaxBodyBytes { get; set; }

    public int? RequestsPerMinuteOf(KeyHolder key) => key.RequestsPerMinute ?? RequestsPerMinute;

    public long? MostBytesOf(KeyHolder key) => key.MaxBodyBytes ?? MaxBodyBytes;
}

/// <summary>Never repeats the key: messages of a failed start end up in logs.</summary>
internal sealed class AuthOptionsRules : IValidateOptions<AuthOptions>
{
    public ValidateOptionsResult Validate(string? name, AuthOptions options)
    {
        var mistakes = new List<string>();
        if (options.BootstrapKey is { Length: > 0 } key)
        {
            if (key.Length is < AuthOptions.ShortestKey or > AuthOptions.LongestKey)
                mistakes.Add(
                    $"{AuthOptions.Section}:BootstrapKey must have {AuthOptions.ShortestKey} to {AuthOptions.LongestKey} characters, not {key.Length}.");
            else if (!key.All(c => c is > ' ' and <= '~'))
                mistakes.Add($"{AuthOptions.Section}:BootstrapKey must be of visible ASCII characters, without spaces.");
        }
        if (options.RequestsPerMinute is { } rate && !NewKey.IsRate(rate))
            mistakes.Add($"{AuthOptions.Section}:RequestsPerMinute must be null or 1 to {NewKey.HighestRate}, not {rate}.");
        if (options.MaxBodyBytes is { } bytes && !NewKey.IsBodyLimit(bytes))
            mistakes.Add($"{AuthOptions.Section}:MaxBodyBytes must be null or {NewKey.LeastBodyLimit} or more, not {bytes}.");
        return mistakes.Count > 0 ? ValidateOptionsResult.Fail(mistakes) : ValidateOptionsResult.Success;
    }
}
