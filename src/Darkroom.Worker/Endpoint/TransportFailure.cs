using System.Net.Sockets;
using System.Security.Authentication;

namespace Darkroom.Worker.Endpoint;

/// <summary>What an exception before the answer's headers means.</summary>
internal static class TransportFailure
{
    /// <param name="ended">Why we gave the call up ourselves; null if we did not.</param>
    public static CallFailure Of(Exception exception, GenerationContent request, FailureKind? ended, EndpointOptions endpoint)
    {
        var kind = KindOf(exception, request.Begun, request.Sent, ended);
        return CallFailure.Of(kind, Message(kind, exception, endpoint));
    }

    public static FailureKind KindOf(Exception exception, bool begun, bool sent, FailureKind? ended)
    {
        if (begun)
        {
            return ended ?? (Error(exception) is HttpRequestError.InvalidResponse or HttpRequestError.ConfigurationLimitExceeded
                ? FailureKind.NotHttp
                : sent ? FailureKind.ConnectionLost : FailureKind.SendBroken);
        }
        if (ended is FailureKind.Canceled or FailureKind.ShutDown)
            return FailureKind.AbortedUnsent;
        return Error(exception) switch
        {
            HttpRequestError.NameResolutionError => FailureKind.NameNotResolved,
            HttpRequestError.SecureConnectionError => FailureKind.TlsFailed,
            _ => FailureKind.ConnectFailed,
        };
    }

    static HttpRequestError? Error(Exception exception) => (exception as HttpRequestException)?.HttpRequestError;

    static string Message(FailureKind kind, Exception exception, EndpointOptions endpoint)
    {
        var place = endpoint.GenerationsUrl().Authority;
        return kind switch
        {
            FailureKind.AbortedUnsent => "The call was given up before anything was sent.",
            FailureKind.NameNotResolved =>
                $"The name in {place} could not be resolved; nothing was sent. Check the endpoint's BaseUrl and this machine's DNS.",
            FailureKind.TlsFailed => $"No secure connection to {place}: {Reason(exception)}. Nothing was sent.",
            FailureKind.ConnectFailed when exception is OperationCanceledException =>
                $"No connection to {place} within {endpoint.ConnectTimeout.TotalSeconds:0.#} s. Nothing was sent.",
            FailureKind.ConnectFailed => $"No connection to {place}: {Reason(exception)}. Nothing was sent.",
            FailureKind.SendBroken => $"The connection to {place} broke while the request was sent: {Reason(exception)}.",
            FailureKind.ConnectionLost =>
                $"The connection to {place} broke after the request was sent, before an answer came: {Reason(exception)}.",
            FailureKind.NotHttp => $"What {place} answered is not HTTP.",
            _ => CallEnded.Message(kind, endpoint),
        };
    }

    /// <summary>Of what lies deepest: the layers above only say that something below failed.</summary>
    static string Reason(Exception exception)
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            if (e is SocketException socket)
                return socket.SocketErrorCode.ToString();
            if (e is AuthenticationException or HttpIOException)
                return (e.InnerException ?? e).Message.TrimEnd('.');
        }
        return exception.Message.TrimEnd('.');
    }
}
