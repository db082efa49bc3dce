using EndpointRow = Darkroom.Migrations.Rows.Endpoint;

namespace Darkroom.Worker.Endpoint;

/// <summary>How long an endpoint is held back and how fast it goes. The figures come from <see cref="Pace"/>.</summary>
internal sealed partial class EndpointStates
{
    /// <summary>
    /// Holds the endpoint back and slows it down, for a call that was made at the pace of <paramref name="row"/>. Of the many calls that
    /// are refused together only the first does, for it changes <c>learned_at</c>.
    /// </summary>
    public async Task<bool> SlowDownAsync(EndpointRow row, TimeSpan wait, double imagesPerMinute, CancellationToken ct)
    {
        var slowed = await UpdateAsync($"""
            UPDATE darkroom.endpoints
            SET hold_until = greatest(hold_until, darkroom.now() + {wait}), throttles = throttles + 1,
                learned_images_per_minute = {imagesPerMinute}, learned_at = darkroom.now()
            WHERE name = {row.Name} AND learned_at IS NOT DISTINCT FROM {row.LearnedAt}
            """, ct);
        if (slowed)
            Log.Slowed(logger, row.Name, wait.TotalSeconds, imagesPerMinute);
        return slowed;
    }

    /// <summary>Holds the endpoint back for as long as it asks, if that is longer than it is held already.</summary>
    public Task<bool> HoldBackAsync(string name, TimeSpan wait, CancellationToken ct) => UpdateAsync($"""
        UPDATE darkroom.endpoints SET hold_until = darkroom.now() + {wait}
        WHERE name = {name} AND (hold_until IS NULL OR hold_until < darkroom.now() + {wait})
        """, ct);

    /// <summary>A call made after the last hold-back succeeded: the next backoff begins anew.</summary>
    public Task<bool> NotThrottledAsync(string name, DateTimeOffset startedAt, CancellationToken ct) => UpdateAsync($"""
        UPDATE darkroom.endpoints SET throttles = 0
        WHERE name = {name} AND throttles > 0 AND (hold_until IS NULL OR hold_until <= {startedAt})
        """, ct);

    /// <summary>Sets the learned figures, where they are still those of <paramref name="row"/>.</summary>
    public Task<bool> LearnAsync(EndpointRow row, double? images, double? tokens, CancellationToken ct) => UpdateAsync($"""
        UPDATE darkroom.endpoints
        SET learned_images_per_minute = {images}, learned_tokens_per_minute = {tokens}, learned_at = darkroom.now()
        WHERE name = {row.Name} AND learned_at IS NOT DISTINCT FROM {row.LearnedAt}
        """, ct);

    static partial class Log
    {
        [LoggerMessage(
            LogLevel.Warning, "Endpoint {Name} is held back for {Seconds:0.0} s, then goes at {ImagesPerMinute:0.#} images a minute")]
        public static partial void Slowed(ILogger logger, string name, double seconds, double imagesPerMinute);
    }
}
