using System.Net;

namespace Darkroom.Client;

/// <summary>A call that Darkroom refused or could not carry out. The message is Darkroom's own.</summary>
public sealed class DarkroomException(HttpStatusCode status, ErrorDetail error, TimeSpan? retryAfter = null) : Exception(error.Message)
{
    public HttpStatusCode Status { get; } = status;

    /// <summary>The error as it was sent; made from the status line where something in between answered instead of Darkroom.</summary>
    public ErrorDetail Error { get; } = error;

    /// <summary>How long Darkroom asked to wait before another try; null where it did not.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;
}
