namespace Darkroom.Worker.Endpoint;

/// <summary>What becomes of a job whose attempt failed.</summary>
internal abstract record JobNext
{
    /// <summary>A definite no, or out of attempts. <paramref name="Message"/> is for the person who reads the job.</summary>
    public sealed record Fail(string Message) : JobNext;

    /// <summary>Only a person may have it bought again.</summary>
    public sealed record Hold(string Message) : JobNext;

    public sealed record RetryAt(TimeSpan Delay) : JobNext;

    /// <summary>Due at once; the endpoint's pause, gate or hold-back keeps it waiting.</summary>
    public sealed record WaitForEndpoint : JobNext;
}

/// <summary>How often a job may be tried, and how often so far since a person last asked for it.</summary>
/// <param name="Counted">
/// Attempts that count towards <paramref name="MaxAttempts"/>, the one that just failed included if it counts.
/// </param>
/// <param name="Unknown">The same for <paramref name="MaxUnknown"/>.</param>
/// <param name="HoldOnUnknown">The job says <c>on_unknown = hold</c>.</param>
internal readonly record struct AttemptCaps(int Counted, int Unknown, int MaxAttempts, int MaxUnknown, bool HoldOnUnknown)
{
    /// <summary>The caps of a job by its counters from before <paramref name="failure"/>.</summary>
    public static AttemptCaps After(
        CallFailure failure, int countedBefore, int unknownBefore, int maxAttempts, int maxUnknown, string onUnknown) => new(
            countedBefore + (failure.Traits.Counts ? 1 : 0),
            unknownBefore + (failure.Traits.CountsAsUnknown ? 1 : 0),
            maxAttempts, maxUnknown, onUnknown == "hold");
}

internal static class RetryPolicy
{
    /// <param name="random">In [0, 1), for the backoff.</param>
    public static JobNext Decide(CallFailure failure, AttemptCaps caps, BackoffOptions backoff, double random)
    {
        var unknown = failure.Traits.Billing == Billing.Unknown;
        return failure.Traits.Retry switch
        {
            RetryClass.Never => new JobNext.Fail(failure.Message),
            RetryClass.WhenEndpointAllows => new JobNext.WaitForEndpoint(),
            _ when unknown && caps.HoldOnUnknown => new JobNext.Hold(HeldAsAsked(failure)),
            _ when caps.Unknown >= caps.MaxUnknown || caps.Counted >= caps.MaxAttempts =>
                unknown ? new JobNext.Hold(HeldAtCap(failure, caps)) : new JobNext.Fail(GaveUp(failure, caps)),
            RetryClass.AtOnce => new JobNext.RetryAt(TimeSpan.Zero),
            _ => new JobNext.RetryAt(Backoff.Delay(backoff, caps.Counted, random)),
        };
    }

    static string HeldAsAsked(CallFailure failure) =>
        $"The endpoint may have billed this call: its outcome is unknown. {failure.Message} "
        + "The job asks to be held rather than bought again (on_unknown is hold). Retry to buy it again, or cancel.";

    static string HeldAtCap(CallFailure failure, AttemptCaps caps) =>
        $"The endpoint may have billed {Calls(caps.Unknown)} of this job that brought no result; the outcome of the last is unknown. "
        + $"{failure.Message} "
        + $"The job's cap ({Cap(caps)}) keeps it from being bought again unasked. Retry to buy it again, or cancel.";

    static string GaveUp(CallFailure failure, AttemptCaps caps) =>
        $"Gave up after {Calls(caps.Counted)} ({Cap(caps)}). The last: {failure.Message} Retry to buy it again.";

    static string Cap(AttemptCaps caps) =>
        caps.Unknown >= caps.MaxUnknown ? $"max_unknown_attempts is {caps.MaxUnknown}" : $"max_attempts is {caps.MaxAttempts}";

    static string Calls(int count) => count == 1 ? "1 call" : $"{count} calls";
}
