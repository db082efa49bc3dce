using System.Text.RegularExpressions;
using Azure.Storage.Blobs;

namespace Darkroom.Worker.Storage;

internal sealed partial class AzureBlobStorageOptions
{
    /// <summary>The container, made when missing. Default <c>images</c>; 3 to 63 of <c>a-z 0-9 -</c>, by Azure's own rule.</summary>
    public string Container { get; set; } = "images";

    /// <summary>
    /// Set from <c>ConnectionStrings:BlobStorage</c>: the account and the key, or shared access signature, to sign in with. A secret;
    /// no message repeats it. No default.
    /// </summary>
    public string? ConnectionString { get; set; }

    public static IEnumerable<string> Mistakes(StorageOptions options)
    {
        var azure = options.AzureBlob;
        if (!ContainerName().IsMatch(azure.Container))
        {
            yield return "Darkroom:Storage:AzureBlob:Container must be 3 to 63 lowercase letters, digits and single hyphens, " +
                $"starting and ending with a letter or digit, not \"{azure.Container}\".";
        }

        if (string.IsNullOrWhiteSpace(azure.ConnectionString))
        {
            yield return "ConnectionStrings:BlobStorage must be set with the AzureBlob provider: copy it from the storage account's access keys.";
        }
        else if (Account(azure.ConnectionString) is not { } account)
        {
            yield return "ConnectionStrings:BlobStorage must be an Azure Storage connection string, such as \"AccountName=…;AccountKey=…\".";
        }
        else if (options.RedirectToSignedUrls && !account.CanGenerateAccountSasUri)
        {
            yield return "ConnectionStrings:BlobStorage must hold an AccountKey for Darkroom:Storage:RedirectToSignedUrls, which signs links with it.";
        }
    }

    private static BlobServiceClient? Account(string connectionString)
    {
        try
        {
            return new BlobServiceClient(connectionString);
        }
        catch (Exception e) when (e is FormatException or ArgumentException or InvalidOperationException)
        {
            return null;
        }
    }

    [GeneratedRegex(@"^(?=.{3,63}\z)[a-z0-9]+(-[a-z0-9]+)*\z")]
    private static partial Regex ContainerName();
}
