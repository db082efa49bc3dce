namespace Darkroom.Worker.Webhooks;

/// <summary>How one request to a receiver ended.</summary>
/// <param name="HttpStatus">Null where no answer came.</param>
/// <param name="Error">What went wrong in words; null for 2xx.</param>
/// <param name="Answer">The first bytes of the answer, for the log.</param>
/// <param name="RetryAfter">What a 429 or 503 asked for.</param>
internal sealed record DeliveryOutcome(int? HttpStatus, string? Error, string? Answer, TimeSpan? RetryAfter)
{
    public bool Delivered => HttpStatus is >= 200 and < 300 && Error is null;

    /// <summary>The receiver says that it wants nothing more.</summary>
    public bool Gone => HttpStatus == 410;

    public static DeliveryOutcome Failed(string error) => new(null, error, null, null);
}

/// <summary>What becomes of a delivery: it is done, tried again after a wait, or given up.</summary>
internal abstract record DeliveryNext
{
    public sealed record Done : DeliveryNext;

    public sealed record Again(TimeSpan Wait) : DeliveryNext;

    public sealed record GiveUp : DeliveryNext;
}

internal static class DeliveryPolicy
{
    const double Jitter = 0.1;

    static readonly TimeSpan LongestRetryAfter = TimeSpan.FromDays(1);

    /// <param name="attempts">Made so far, this one included: 1 or more.</param>
    /// <param name="random">0 up to 1.</param>
    public static DeliveryNext Decide(DeliveryOutcome outcome, int attempts, IReadOnlyList<TimeSpan> waits, double random)
    {
        if (outcome.Delivered)
            return new DeliveryNext.Done();
        if (outcome.Gone || attempts > waits.Count)
            return new DeliveryNext.GiveUp();
        var wait = waits[attempts - 1] * (1 + (Jitter * random));
        var asked = outcome.HttpStatus is 429 or 503 ? outcome.RetryAfter ?? TimeSpan.Zero : TimeSpan.Zero;
        asked = asked < LongestRetryAfter ? asked : LongestRetryAfter;
        return new DeliveryNext.Again(asked > wait ? asked : wait);
    }
}
