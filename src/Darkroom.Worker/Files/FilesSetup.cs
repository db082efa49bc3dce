using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Files;

internal static class FilesSetup
{
    public static IServiceCollection AddFiles(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<FilesOptions>, FilesOptionsRules>();
        services.AddOptions<FilesOptions>().BindConfiguration(FilesOptions.Section).ValidateOnStart();
        return services.AddSingleton<DraftFolder>().AddSingleton<StoredFiles>().AddSingleton<UploadReader>();
    }
}
