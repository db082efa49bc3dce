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
}

/// <summary>Never repeats the key: messages of a failed start end up in logs.</summary>
internal sealed class AuthOptionsRules : IValidateOptions<AuthOptions>
{
    public ValidateOptionsResult Validate(string? name, AuthOptions options) => options.BootstrapKey switch
    {
        null or "" => ValidateOptionsResult.Success,
        { Length: < AuthOptions.ShortestKey or > AuthOptions.LongestKey } key => ValidateOptionsResult.Fail(
            $"{AuthOptions.Section}:BootstrapKey must have {AuthOptions.ShortestKey} to {AuthOptions.LongestKey} characters, not {key.Length}."),
        var key when !key.All(c => c is > ' ' and <= '~') => ValidateOptionsResult.Fail(
            $"{AuthOptions.Section}:BootstrapKey must be of visible ASCII characters, without spaces."),
        _ => ValidateOptionsResult.Success,
    };
}
