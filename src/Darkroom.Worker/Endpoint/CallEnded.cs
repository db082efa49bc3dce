namespace Darkroom.Worker.Endpoint;

/// <summary>Words for calls that we gave up ourselves once they were sent.</summary>
internal static class CallEnded
{
    public static string Message(FailureKind kind, EndpointOptions endpoint) => kind switch
    {
        FailureKind.Canceled => "The job was cancelled while its call was in flight.",
        FailureKind.ShutDown => "The node stopped while the call was in flight.",
        FailureKind.TimedOut => $"No answer within {endpoint.Timeout.TotalSeconds:0.#} s.",
        FailureKind.BodyStalled => $"The answer stopped coming for {endpoint.IdleTimeout.TotalSeconds:0.#} s.",
        FailureKind.BodyOverdue => $"The answer was still coming after {2 * endpoint.Timeout.TotalSeconds:0.#} s.",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Not an end of our making."),
    };
}
