using Azure;
using Azure.Storage.Blobs;

namespace Darkroom.Worker.Storage;

/// <summary>The one place where Azure SDK exceptions become failures. Messages carry the service's code, never its text, which may hold a signature.</summary>
internal static class AzureBlobFailure
{
    /// <summary>Null for an exception that is not the store's, such as the caller's own cancellation.</summary>
    public static StoreFailure? From(Exception exception, BlobContainerClient container, CancellationToken cancellationToken)
    {
        var store = $"Azure Blob Storage (container {container.Name} at {container.Uri.Authority})";
        return exception switch
        {
            OperationCanceledException when cancellationToken.IsCancellationRequested => null,
            OperationCanceledException or TimeoutException => new(StoreFailureKind.Unavailable, $"{store} did not answer in time."),
            RequestFailedException { Status: 401 or 403 } e => new(StoreFailureKind.Denied, $"{store} refuses our credentials: {e.ErrorCode}."),
            RequestFailedException { Status: > 0 } e => new(StoreFailureKind.Unavailable, $"{store} answered {e.Status} {e.ErrorCode}."),

            // After its retries the SDK throws every try's exception at once.
            AggregateException { InnerExceptions: [.., var last] } => From(last, container, cancellationToken),
            RequestFailedException or IOException or HttpRequestException =>
                new(StoreFailureKind.Unavailable, $"{store} cannot be reached: {exception.GetBaseException().Message}."),
            _ => null,
        };
    }
}
