using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Access;

/// <summary>
/// Requests per minute of each key, counted by each node for itself: a shared count would put a write to one row into every request. A
/// minute's worth may come at once; what is used up comes back evenly.
/// </summary>
internal sealed class KeyRates(IOptions<AuthOptions> options) : IDisposable
{
    static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    readonly PartitionedRateLimiter<KeyHolder> limiter = PartitionedRateLimiter.Create<KeyHolder, Guid>(key =>
        options.Value.RequestsPerMinuteOf(key) is { } limit
            ? RateLimitPartition.GetTokenBucketLimiter(key.KeyId, _ => new TokenBucketRateLimiterOptions
            {
                TokenLimit = limit,
                TokensPerPeriod = 1,
                ReplenishmentPeriod = Minute / limit,
                QueueLimit = 0,
            })
            : RateLimitPartition.GetNoLimiter(key.KeyId));

    /// <returns>Null where one more is within the limit, else how long to wait.</returns>
    public TimeSpan? Refuse(KeyHolder key)
    {
        using var lease = limiter.AttemptAcquire(key);
        return lease.IsAcquired ? null : lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? wait : TimeSpan.FromSeconds(1);
    }

    public void Dispose() => limiter.Dispose();
}
