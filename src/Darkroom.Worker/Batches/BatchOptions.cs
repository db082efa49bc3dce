using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Batches;

/// <summary>Limits of batches; <c>Darkroom:Batches</c>.</summary>
internal sealed class BatchOptions
{
    public const string Section = "Darkroom:Batches";

    /// <summary>
    /// Lines of a file at most, blank ones not counted. Default 50,000, as OpenAI's; 1 to 1,000,000. They become jobs in one transaction: a
    /// million takes minutes, in which events of other jobs wait. The file's size has a limit of its own, <c>Darkroom:Files:MaxBytes</c>.
    /// </summary>
    public int MaxLines { get; set; } = 50_000;
}

internal sealed class BatchOptionsRules : IValidateOptions<BatchOptions>
{
    public ValidateOptionsResult Validate(string? name, BatchOptions options) =>
        options.MaxLines is >= 1 and <= 1_000_000
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail($"{BatchOptions.Section}:{nameof(options.MaxLines)} must be 1 to 1000000, not {options.MaxLines}.");
}
