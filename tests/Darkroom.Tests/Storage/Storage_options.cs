using Darkroom.Worker.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Xunit;

namespace Darkroom.Tests.Storage;

public sealed class Storage_options
{
    private const string Account = "AccountName=pictures;AccountKey=c2VjcmV0;EndpointSuffix=example.net";

    [Fact]
    public void Nothing_configured_is_the_file_system_below_the_content_root()
    {
        using var services = Configure();

        Assert.IsType<FileSystemImageStore>(services.GetRequiredService<IImageStore>());
        Assert.Equal(
            Path.Combine(services.GetRequiredService<IHostEnvironment>().ContentRootPath, ".darkroom", "images"),
            services.GetRequiredService<IOptions<StorageOptions>>().Value.FileSystem.Root);
    }

    [Theory]
    [InlineData("AzureBlob")]
    [InlineData("azureblob")]
    public void The_provider_is_chosen_by_name(string name)
    {
        using var services = Configure(("Darkroom:Storage:Provider", name), ("ConnectionStrings:BlobStorage", Account));

        Assert.IsType<AzureBlobImageStore>(services.GetRequiredService<IImageStore>());
    }

    [Fact]
    public void An_absolute_root_stays_as_it_is()
    {
        using var services = Configure(("Darkroom:Storage:FileSystem:Root", "/srv/pictures"));

        Assert.Equal("/srv/pictures", services.GetRequiredService<IOptions<StorageOptions>>().Value.FileSystem.Root);
    }

    [Fact]
    public void An_unknown_provider_is_refused_with_the_known_ones() =>
        Refused(
            [("Darkroom:Storage:Provider", "S3"), ("Darkroom:Storage:MaxConcurrentWrites", "0")],
            "Darkroom:Storage:MaxConcurrentWrites must be 1 to 1000, not 0.",
            "Darkroom:Storage:Provider must be FileSystem or AzureBlob, not \"S3\".");

    [Fact]
    public void Every_mistake_of_a_file_system_is_listed() =>
        Refused(
            [("Darkroom:Storage:MaxConcurrentWrites", "1001"), ("Darkroom:Storage:FileSystem:Root", " "), ("Darkroom:Storage:RedirectToSignedUrls", "true")],
            "Darkroom:Storage:MaxConcurrentWrites must be 1 to 1000, not 1001.",
            "Darkroom:Storage:FileSystem:Root must name a folder.",
            "Darkroom:Storage:RedirectToSignedUrls must be false with the FileSystem provider, which has no links to sign.");

    [Fact]
    public void A_root_that_is_a_file_is_refused()
    {
        var file = typeof(Storage_options).Assembly.Location;
        Refused([("Darkroom:Storage:FileSystem:Root", file)], $"Darkroom:Storage:FileSystem:Root must name a folder, but {file} is a file.");
    }

    [Theory]
    [InlineData("")]
    [InlineData("ab")]
    [InlineData("Images")]
    [InlineData("a--b")]
    [InlineData("-images")]
    [InlineData("images-")]
    [InlineData("images\n")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123")]
    public void Every_mistake_of_Azure_is_listed(string container) =>
        Refused(
            [("Darkroom:Storage:Provider", "AzureBlob"), ("Darkroom:Storage:AzureBlob:Container", container)],
            "Darkroom:Storage:AzureBlob:Container must be 3 to 63 lowercase letters, digits and single hyphens, " +
                $"starting and ending with a letter or digit, not \"{container}\".",
            "ConnectionStrings:BlobStorage must be set with the AzureBlob provider: copy it from the storage account's access keys.");

    [Theory]
    [InlineData("secret-nonsense")]
    [InlineData("AccountName=pictures;AccountKey=secret not base64")]
    public void A_connection_string_that_is_none_is_refused_and_not_repeated(string text) =>
        Refused(
            [("Darkroom:Storage:Provider", "AzureBlob"), ("ConnectionStrings:BlobStorage", text)],
            "ConnectionStrings:BlobStorage must be an Azure Storage connection string, such as \"AccountName=…;AccountKey=…\".");

    [Fact]
    public void Redirects_need_a_key_to_sign_with() =>
        Refused(
            [
                ("Darkroom:Storage:Provider", "AzureBlob"), ("Darkroom:Storage:RedirectToSignedUrls", "true"),
                ("ConnectionStrings:BlobStorage", "BlobEndpoint=https://pictures.example.net;SharedAccessSignature=sv=2024&sig=x"),
            ],
            "ConnectionStrings:BlobStorage must hold an AccountKey for Darkroom:Storage:RedirectToSignedUrls, which signs links with it.");

    private static void Refused((string Key, string Value)[] settings, params string[] mistakes)
    {
        using var services = Configure(settings);
        var refusal = Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<IStartupValidator>().Validate());
        Assert.Equal(mistakes, refusal.Failures);
    }

    private static ServiceProvider Configure(params (string Key, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create<string, string?>(setting.Key, setting.Value)))
            .Build();
        var host = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true }).Environment;
        return new ServiceCollection().AddLogging().AddSingleton(host).AddImageStore(configuration).BuildServiceProvider();
    }
}
