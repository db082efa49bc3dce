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

    /// <summary>
    /// A receiver that takes longer is slow: at 25 in flight it gets fewer than 13 a second, and a few such would have all senders most of the time.
    /// Beside it the others wait no longer than this for a sender.
    /// </summary>
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(2);

    public static bool IsSlow(DeliveryOutcome outcome, TimeSpan took) => outcome.Delivered && took > Soon;

    /// <summary>How long the receiver wants to be told nothing, a day at most; null where it did not ask.</summary>
    public static TimeSpan? Asked(DeliveryOutcome outcome) => outcome switch
    {
        { HttpStatus: 429 or 503, RetryAfter: { } wait } => wait < LongestRetryAfter ? wait : LongestRetryAfter,
        _ => null,
    };

    /// <param name="attempts">Made in this round so far, this one included: 1 or more.</param>
    /// <param name="random">0 up to 1.</param>
    public static DeliveryNext Decide(DeliveryOutcome outcome, int attempts, IReadOnlyList<TimeSpan> waits, double random)
    {
        if (outcome.Delivered)
            return new DeliveryNext.Done();
        if (outcome.Gone || attempts > waits.Count)
            return new DeliveryNext.GiveUp();
        var wait = waits[attempts - 1] * (1 + (Jitter * random));
        return new DeliveryNext.Again(Asked(outcome) is { } asked && asked > wait ? asked : wait);
    }
}
