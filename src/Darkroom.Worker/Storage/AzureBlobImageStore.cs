using System.Globalization;
using Azure;
using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Sas;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Storage;

/// <summary>
/// Pictures as block blobs in one container. Content type, SHA-256 and labels travel in the upload itself, which never overwrites:
/// if the name is taken, the SHA-256 there decides between an upload whose answer was lost and a conflict.
/// </summary>
internal sealed class AzureBlobImageStore(IOptions<StorageOptions> options, TimeProvider clock) : IImageStore, IDisposable
{
    private const string Sha256 = "sha256";
    private const int NotFound = 404, RangeNotSatisfiable = 416;
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(5);

    private readonly BlobContainerClient _container = AzureBlobConnection.Open(options.Value.AzureBlob);
    private readonly SemaphoreSlim _writers = new(options.Value.MaxConcurrentWrites);

    public async Task<StoreResult<PutOutcome>> PutAsync(
        StoreKey key, string sourcePath, SourceProperties properties, CancellationToken cancellationToken)
    {
        await _writers.WaitAsync(cancellationToken);
        try
        {
            var opened = SourceFile.Open(sourcePath, properties);
            if (opened.Failure is { } lost)
            {
                return lost;
            }

            await using var source = opened.Value;
            return await UploadAsync(key, source, properties, cancellationToken) ? PutOutcome.Stored : await CompareAsync(key, properties, cancellationToken);
        }
        catch (Exception e) when (AzureBlobFailure.From(e, _container, cancellationToken) is { } failure)
        {
            return failure;
        }
        finally
        {
            _writers.Release();
        }
    }

    private async Task<bool> UploadAsync(StoreKey key, FileStream source, SourceProperties properties, CancellationToken cancellationToken)
    {
        try
        {
            return await TryUploadAsync(key, source, properties, cancellationToken);
        }
        catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.ContainerNotFound)
        {
            // Made when it is missed, not at start: a shared access signature may allow blobs and not containers.
            await _container.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
            source.Position = 0;
            return await TryUploadAsync(key, source, properties, cancellationToken);
        }
    }

    /// <summary>False when the name is taken.</summary>
    private async Task<bool> TryUploadAsync(StoreKey key, FileStream source, SourceProperties properties, CancellationToken cancellationToken)
    {
        var upload = new BlobUploadOptions
        {
            Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All },
            HttpHeaders = new BlobHttpHeaders { ContentType = key.ContentType },
            Metadata = new Dictionary<string, string>(key.Labels) { [Sha256] = Convert.ToHexStringLower(properties.Sha256) },
            TransferOptions = AzureBlobConnection.Transfer,
            TransferValidation = AzureBlobConnection.Validation,
        };
        try
        {
            await _container.GetBlobClient(key.Path).UploadAsync(source, upload, cancellationToken);
            return true;
        }
        catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.BlobAlreadyExists || e.ErrorCode == BlobErrorCode.ConditionNotMet)
        {
            return false;
        }
    }

    private async Task<StoreResult<PutOutcome>> CompareAsync(StoreKey key, SourceProperties properties, CancellationToken cancellationToken)
    {
        var stored = await _container.GetBlobClient(key.Path).GetPropertiesAsync(cancellationToken: cancellationToken);
        return stored.Value.Metadata.TryGetValue(Sha256, out var sha256) && sha256 == Convert.ToHexStringLower(properties.Sha256)
            ? PutOutcome.AlreadyStored
            : new StoreFailure(StoreFailureKind.Conflict, $"{key} is in container {_container.Name} already, with other content.");
    }

    public async Task<StoreResult<StoredImage?>> OpenReadAsync(StoreKey key, long offset, long? length, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length ?? 0, nameof(length));
        try
        {
            return await OpenAsync(_container.GetBlobClient(key.Path), offset, length, cancellationToken);
        }
        catch (RequestFailedException e) when (e.Status == NotFound)
        {
            return default(StoredImage);
        }
        catch (Exception e) when (AzureBlobFailure.From(e, _container, cancellationToken) is { } failure)
        {
            return failure;
        }
    }

    private static async Task<StoredImage> OpenAsync(BlobClient blob, long offset, long? length, CancellationToken cancellationToken)
    {
        if (length != 0)
        {
            var whole = offset == 0 && length is null;
            try
            {
                var download = new BlobDownloadOptions { Range = whole ? default : new HttpRange(offset, length) };
                var answer = (await blob.DownloadStreamingAsync(download, cancellationToken)).Value;
                var total = whole ? answer.Details.ContentLength : TotalOf(answer.Details.ContentRange);
                return new StoredImage(answer.Content, total);
            }
            catch (RequestFailedException e) when (e.Status == RangeNotSatisfiable)
            {
                // Beyond the end, which is any range at all of an empty blob.
            }
        }

        var properties = await blob.GetPropertiesAsync(cancellationToken: cancellationToken);
        return new StoredImage(Stream.Null, properties.Value.ContentLength);
    }

    /// <summary>The 9 of <c>bytes 0-4/9</c>. Only that is read: at the very end Azurite answers <c>9-8/9</c>, which no parser takes.</summary>
    private static long TotalOf(string contentRange) =>
        long.Parse(contentRange.AsSpan(contentRange.LastIndexOf('/') + 1), NumberStyles.None, CultureInfo.InvariantCulture);

    public async Task<StoreFailure?> DeleteAsync(StoreKey key, CancellationToken cancellationToken)
    {
        try
        {
            await _container.GetBlobClient(key.Path).DeleteIfExistsAsync(DeleteSnapshotsOption.IncludeSnapshots, cancellationToken: cancellationToken);
            return null;
        }
        catch (Exception e) when (AzureBlobFailure.From(e, _container, cancellationToken) is { } failure)
        {
            return failure;
        }
    }

    public async Task<StoreFailure?> ProbeAsync(CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(ProbeTimeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            // Asks for a blob that is not there: even a signature that allows reading blobs and nothing else may do that.
            await _container.GetBlobClient("probe").ExistsAsync(either.Token);
            return null;
        }
        catch (Exception e) when (AzureBlobFailure.From(e, _container, cancellationToken) is { } failure)
        {
            return failure;
        }
    }

    public Uri? SignedUrl(StoreKey key, TimeSpan lifetime)
    {
        var blob = _container.GetBlobClient(key.Path);
        return blob.CanGenerateSasUri ? blob.GenerateSasUri(BlobSasPermissions.Read, clock.GetUtcNow() + lifetime) : null;
    }

    public void Dispose() => _writers.Dispose();
}
