namespace Darkroom.Worker.Storage;

/// <summary>
/// Where pictures stay. Every back end passes the same conformance suite. Expected failures are values; the only exceptions are
/// <see cref="OperationCanceledException"/> for the caller's own token and argument errors.
/// </summary>
internal interface IImageStore
{
    /// <summary>
    /// Stores a file under a key, all or nothing: a reader sees the whole object or none, and a success survives a power cut.
    /// Bytes pass in small buffers. A cancelled or failed put may be repeated; the file stays the caller's.
    /// </summary>
    Task<StoreResult<PutOutcome>> PutAsync(StoreKey key, string sourcePath, SourceProperties properties, CancellationToken cancellationToken);

    /// <summary>Opens an object, or a range of it, for reading; null when there is no such object.</summary>
    /// <param name="key">The object.</param>
    /// <param name="offset">First byte, from 0. At or beyond the end the body is empty and the total length still given.</param>
    /// <param name="length">Bytes at most; null for all that follow.</param>
    /// <param name="cancellationToken">Ends the opening; the reads have their own.</param>
    Task<StoreResult<StoredImage?>> OpenReadAsync(StoreKey key, long offset, long? length, CancellationToken cancellationToken);

    /// <summary>Removes an object; one that is not there counts as removed. Null when done.</summary>
    Task<StoreFailure?> DeleteAsync(StoreKey key, CancellationToken cancellationToken);

    /// <summary>Asks cheaply, for a readiness check, whether a put would find the store; null when it would.</summary>
    Task<StoreFailure?> ProbeAsync(CancellationToken cancellationToken);

    /// <summary>A link that reads the object without a key of ours until it expires; null where the store cannot make one.</summary>
    Uri? SignedUrl(StoreKey key, TimeSpan lifetime);
}

/// <summary>What is known of a file before it is stored.</summary>
/// <param name="Length">Bytes.</param>
/// <param name="Sha256">32 bytes.</param>
internal sealed record SourceProperties(long Length, byte[] Sha256);

/// <summary>
/// An opened object; dispose it to release the file or connection. Reading <paramref name="Body"/> throws when the store fails in between.
/// </summary>
/// <param name="Body">The bytes asked for, forward only.</param>
/// <param name="TotalLength">Bytes of the whole object, whatever range was asked for.</param>
internal sealed record StoredImage(Stream Body, long TotalLength) : IAsyncDisposable
{
    public ValueTask DisposeAsync() => Body.DisposeAsync();
}
