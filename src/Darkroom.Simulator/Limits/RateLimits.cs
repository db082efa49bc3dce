using Darkroom.Simulator.Accounting;
using Darkroom.Simulator.Contract;

namespace Darkroom.Simulator.Limits;

/// <summary>The account's limits: a call is charged to all of them, or refused by the one that opens last and costs nothing.</summary>
internal sealed class RateLimits(SimulatorOptions options, Account account)
{
    private readonly Lock _sync = new();
    private readonly LeakyBucket _requests = new(), _tokens = new(), _images = new();
    private int _generating;

    /// <summary>
    /// Lets a call in, or says why not. Fills <paramref name="headers"/> with the state of every limit that is set.
    /// A call let in must <see cref="Leave"/>.
    /// </summary>
    public ApiError? Enter(GenerationRequest request, IHeaderDictionary headers)
    {
        lock (_sync)
        {
            if (options.Budget is { } budget && account.Billed >= budget)
                return new ApiError(429, "insufficient_quota", "insufficient_quota",
                    "You exceeded your current quota, please check your plan and billing details.");
            if (_generating >= options.MaxInFlight)
                return new ApiError(429, "requests", "rate_limit_exceeded",
                    $"Too many requests in progress: limit {options.MaxInFlight}. Please try again in 1s.")
                {
                    RetryAfter = TimeSpan.FromSeconds(1),
                };

            var limits = Limits(request).ToList();
            var used = limits.Where(limit => limit.Bucket.UntilOpen > TimeSpan.Zero).MaxBy(limit => limit.Bucket.UntilOpen);
            if (used is null)
            {
                _generating++;
                foreach (var limit in limits)
                    limit.Bucket.Take(limit.Cost);
            }
            foreach (var limit in Limits(request))
            {
                headers[$"x-ratelimit-limit-{limit.Name}"] = $"{limit.PerMinute}";
                headers[$"x-ratelimit-remaining-{limit.Name}"] = $"{limit.Bucket.Remaining}";
                headers[$"x-ratelimit-reset-{limit.Name}"] = GoDuration.Format(limit.Bucket.UntilFull);
            }
            return used is null ? null : new ApiError(429, used.Name, "rate_limit_exceeded",
                $"Rate limit reached for {request.Model.Name} on {used.Name} per min: Limit {used.PerMinute}, Requested {used.Cost}. "
                + $"Please try again in {GoDuration.Format(used.Bucket.UntilOpen)}.")
            {
                RetryAfter = used.Bucket.UntilOpen,
            };
        }
    }

    public void Leave()
    {
        lock (_sync)
            _generating--;
    }

    private IEnumerable<Limit> Limits(GenerationRequest request)
    {
        var now = options.TimeProvider.GetUtcNow();
        if (options.RequestsPerMinute is { } requests)
            yield return new Limit("requests", requests, 1, _requests.Fill(now, requests, options.Burst));
        if (options.TokensPerMinute is { } tokens)
            yield return new Limit("tokens", tokens, TokenUsage.Of(request).TotalTokens, _tokens.Fill(now, tokens, options.Burst));
        if (options.ImagesPerMinute is { } images)
            yield return new Limit("images", images, request.N, _images.Fill(now, images, options.Burst));
    }

    private sealed record Limit(string Name, int PerMinute, int Cost, LeakyBucket Bucket);
}
