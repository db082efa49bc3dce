namespace Darkroom.Worker.Storage;

/// <summary>A back end as configuration names it. A new one is its class and a line in <see cref="All"/>.</summary>
/// <param name="Name">The value of <c>Darkroom:Storage:Provider</c>, in any case.</param>
/// <param name="Store">The implementation, made once from the service provider.</param>
/// <param name="Mistakes">What is wrong in its part of the options, a sentence each.</param>
internal sealed record ImageStoreProvider(string Name, Type Store, Func<StorageOptions, IEnumerable<string>> Mistakes)
{
    private static readonly ImageStoreProvider[] All =
    [
        new("FileSystem", typeof(FileSystemImageStore), FileSystemStorageOptions.Mistakes),
        new("AzureBlob", typeof(AzureBlobImageStore), AzureBlobStorageOptions.Mistakes),
    ];

    public static string Names => string.Join(" or ", All.Select(provider => provider.Name));

    public static ImageStoreProvider? Find(string name) =>
        All.FirstOrDefault(provider => provider.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
}
