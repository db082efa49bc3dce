using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Storage;

/// <summary>Where pictures are stored. Bound to <c>Darkroom:Storage</c>.</summary>
internal sealed class StorageOptions
{
    public const string Section = "Darkroom:Storage";

    /// <summary>The back end, <c>FileSystem</c> or <c>AzureBlob</c>. Default <c>FileSystem</c>: it needs nothing else.</summary>
    public string Provider { get; set; } = "FileSystem";

    /// <summary>
    /// Puts that one node carries out at once; others wait their turn. Default 32, range 1 to 1000. More do not go faster on one
    /// disk or one line, and each takes a thread (file system) or a connection (Azure) and an 80 KB buffer.
    /// </summary>
    public int MaxConcurrentWrites { get; set; } = 32;

    /// <summary>
    /// Whether a request for a picture is answered with a redirect to a signed link into the store, instead of the bytes. Default
    /// false: the store need not be reachable for the callers. Only with <c>AzureBlob</c> and an account key.
    /// </summary>
    public bool RedirectToSignedUrls { get; set; }

    public FileSystemStorageOptions FileSystem { get; set; } = new();

    /// <summary>Pictures take space on a disk that this node can measure.</summary>
    public bool UsesFileSystem => ImageStoreProvider.Find(Provider)?.Store == typeof(FileSystemImageStore);

    public AzureBlobStorageOptions AzureBlob { get; set; } = new();
}

/// <summary>Lists every mistake, named by the key that an operator sets; the back end chosen adds its own.</summary>
internal sealed class StorageOptionsValidation : IValidateOptions<StorageOptions>
{
    public ValidateOptionsResult Validate(string? name, StorageOptions options)
    {
        string[] mistakes = [.. Mistakes(options)];
        return mistakes.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(mistakes);
    }

    private static IEnumerable<string> Mistakes(StorageOptions options)
    {
        if (options.MaxConcurrentWrites is < 1 or > 1000)
        {
            yield return $"Darkroom:Storage:MaxConcurrentWrites must be 1 to 1000, not {options.MaxConcurrentWrites}.";
        }

        if (ImageStoreProvider.Find(options.Provider) is not { } provider)
        {
            yield return $"Darkroom:Storage:Provider must be {ImageStoreProvider.Names}, not \"{options.Provider}\".";
            yield break;
        }

        foreach (var mistake in provider.Mistakes(options))
        {
            yield return mistake;
        }
    }
}
