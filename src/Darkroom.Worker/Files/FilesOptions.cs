using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Files;

/// <summary>Files of lines that callers upload and batches write; <c>Darkroom:Files</c>.</summary>
internal sealed class FilesOptions
{
    public const string Section = "Darkroom:Files";

    /// <summary>Bytes of an uploaded file at most. Default 209,715,200 (200 MiB, as OpenAI's); 1 KiB to 10 GiB. No more memory is used for longer ones.</summary>
    public long MaxBytes { get; set; } = 200L << 20;

    /// <summary>
    /// Where files are written before they go to the store. Default <c>.darkroom/drafts</c> below the program's folder; a real disk, not
    /// memory, with room for the files that arrive at once.
    /// </summary>
    public string DraftPath { get; set; } = ".darkroom/drafts";
}

internal sealed class FilesOptionsRules : IValidateOptions<FilesOptions>
{
    public ValidateOptionsResult Validate(string? name, FilesOptions options)
    {
        var mistakes = new List<string>();
        if (options.MaxBytes is < 1024 or > 10L << 30)
            mistakes.Add($"{FilesOptions.Section}:{nameof(options.MaxBytes)} must be 1024 to 10737418240 (10 GiB), not {options.MaxBytes}.");
        if (string.IsNullOrWhiteSpace(options.DraftPath))
            mistakes.Add($"{FilesOptions.Section}:{nameof(options.DraftPath)} must be a folder, not empty.");
        return mistakes.Count > 0 ? ValidateOptionsResult.Fail(mistakes) : ValidateOptionsResult.Success;
    }
}
