using Darkroom.Worker.Decoding;

namespace Darkroom.Worker.Endpoint;

/// <summary>How a call ended: with a picture, or not.</summary>
/// <param name="Limits">What the answer's headers said of the account's limits.</param>
internal abstract record CallOutcome(RateHeaders Limits)
{
    /// <summary>Null where no call was made.</summary>
    public CallTiming? Timing { get; init; }

    /// <summary>The body came whole and at least one of its pictures is good.</summary>
    /// <param name="RequestId">The answer's <c>x-request-id</c>, at most 200 characters.</param>
    public sealed record Answered(Decoded Body, int HttpStatus, string? RequestId, RateHeaders Limits) : CallOutcome(Limits);

    /// <param name="Partial">
    /// What was read of the body before it failed, where one came: its pictures may be looked at, not delivered.
    /// </param>
    public sealed record Failed(CallFailure Failure, RateHeaders Limits, Decoded? Partial) : CallOutcome(Limits);
}

/// <param name="FirstByte">From the start of the call to the first byte of the body; null where none came.</param>
/// <param name="Total">From the start of the call to its end.</param>
internal sealed record CallTiming(TimeSpan? FirstByte, TimeSpan Total);
