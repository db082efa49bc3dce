using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Storage;

internal static class StorageRegistration
{
    /// <summary>Adds the <see cref="IImageStore"/> that the configuration chooses, and its options, validated at start.</summary>
    public static IServiceCollection AddImageStore(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<IValidateOptions<StorageOptions>, StorageOptionsValidation>();
        services.AddOptions<StorageOptions>()
            .Bind(configuration.GetSection(StorageOptions.Section))
            .PostConfigure<IHostEnvironment>((options, host) =>
            {
                options.AzureBlob.ConnectionString = configuration.GetConnectionString("BlobStorage");
                if (!string.IsNullOrWhiteSpace(options.FileSystem.Root))
                {
                    options.FileSystem.Root = Path.GetFullPath(options.FileSystem.Root, host.ContentRootPath);
                }
            })
            .ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<StoredContent>();
        return services.AddSingleton(provider =>
        {
            var options = provider.GetRequiredService<IOptions<StorageOptions>>().Value;
            return (IImageStore)ActivatorUtilities.CreateInstance(provider, ImageStoreProvider.Find(options.Provider)!.Store);
        });
    }
}
