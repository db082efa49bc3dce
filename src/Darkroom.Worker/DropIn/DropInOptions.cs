using Microsoft.Extensions.Options;

namespace Darkroom.Worker.DropIn;

/// <summary><c>Darkroom:DropIn</c>: calls that wait for their pictures as they would at the endpoint itself.</summary>
internal sealed class DropInOptions
{
    public const string Section = "Darkroom:DropIn";

    /// <summary>
    /// How long <c>POST /v1/images/generations</c> waits for the result. Default 9 minutes; 1 second to 1 hour. OpenAI's SDKs give up after 10
    /// and ask again: they are to be answered before that.
    /// </summary>
    public TimeSpan Wait { get; set; } = TimeSpan.FromMinutes(9);
}

internal sealed class DropInOptionsRules : IValidateOptions<DropInOptions>
{
    public ValidateOptionsResult Validate(string? name, DropInOptions options) =>
        options.Wait >= TimeSpan.FromSeconds(1) && options.Wait <= TimeSpan.FromHours(1)
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail($"{DropInOptions.Section}:Wait must be 1 second to 1 hour, not {options.Wait}.");
}
