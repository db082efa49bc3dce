namespace Darkroom.Worker.Storage;

internal sealed class FileSystemStorageOptions
{
    /// <summary>
    /// The folder, made at first use; several nodes share one by a network file system. Default <c>.darkroom/images</c>. A
    /// relative path is taken from the content root, and is absolute here once the options are bound.
    /// </summary>
    public string Root { get; set; } = ".darkroom/images";

    public static IEnumerable<string> Mistakes(StorageOptions options)
    {
        var root = options.FileSystem.Root;
        if (string.IsNullOrWhiteSpace(root))
        {
            yield return "Darkroom:Storage:FileSystem:Root must name a folder.";
        }
        else if (File.Exists(root))
        {
            yield return $"Darkroom:Storage:FileSystem:Root must name a folder, but {root} is a file.";
        }

        if (options.RedirectToSignedUrls)
        {
            yield return "Darkroom:Storage:RedirectToSignedUrls must be false with the FileSystem provider, which has no links to sign.";
        }
    }
}
