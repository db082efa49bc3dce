using Azure.Core;
using Azure.Storage;
using Azure.Storage.Blobs;

namespace Darkroom.Worker.Storage;

/// <summary>How the Azure SDK is set up: small buffers, few retries.</summary>
internal static class AzureBlobConnection
{
    /// <summary>
    /// Up to 256 MiB, far above any picture, an upload is one request that reads the file as it is sent. Longer ones go block after
    /// block, again read from the file: with one worker the SDK does not buffer blocks.
    /// </summary>
    public static readonly StorageTransferOptions Transfer = new() { InitialTransferSize = 256L << 20, MaximumTransferSize = 8L << 20, MaximumConcurrency = 1 };

    /// <summary>
    /// The service checks what arrived against an MD5 of the file and refuses a damaged upload. Not CRC-64: the SDK then wraps the
    /// bytes in frames, and a service that does not know them, as Azurite 3.35, stores the frames as the picture.
    /// </summary>
    public static readonly UploadTransferValidationOptions Validation = new() { ChecksumAlgorithm = StorageChecksumAlgorithm.MD5 };

    public static BlobContainerClient Open(AzureBlobStorageOptions options)
    {
        // Two quick retries hide a hiccup. More would only hide an outage from the caller, who repeats puts for ever and must know.
        var client = new BlobClientOptions
        {
            Retry =
            {
                Mode = RetryMode.Exponential,
                MaxRetries = 2,
                Delay = TimeSpan.FromMilliseconds(400),
                MaxDelay = TimeSpan.FromSeconds(5),
                NetworkTimeout = TimeSpan.FromSeconds(60),
            },
        };
        return new BlobContainerClient(options.ConnectionString, options.Container, client);
    }
}
