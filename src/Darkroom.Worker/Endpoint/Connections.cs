using System.Net.Sockets;

namespace Darkroom.Worker.Endpoint;

/// <summary>How we connect to an endpoint. Every choice here guards against paying twice or losing a paid answer.</summary>
internal static class Connections
{
    /// <summary>
    /// An answer takes minutes, in which nothing is sent: some load balancers forget such a connection after 4 minutes. Probes keep it
    /// known, and tell of a dead peer after 30 + 6 * 10 seconds instead of <c>Timeout</c>.
    /// </summary>
    const int KeepAliveAfterSeconds = 30, KeepAliveEverySeconds = 10, KeepAliveRetries = 6;

    /// <summary>
    /// One connection per call, HTTP/1.1 by the request. A kept connection that the server closes just as a call goes out would turn into a
    /// call of unknown outcome, bought again; the handshake it saves is a thousandth of a call. HTTP/2 is out for the handler's sake: it
    /// sends a request again by itself after REFUSED_STREAM or GOAWAY (<c>Http2Connection</c>, RetryOnConnectionFailure), and one broken
    /// connection would break a hundred calls. On HTTP/1.1 the handler retries only requests without a body or with <c>Expect</c>
    /// (<c>HttpConnection.SendAsync</c>, <c>_canRetry</c>), after a 401 or 407 when it has credentials, and redirects when it follows them:
    /// ours has a body and it has none of the others. <see cref="GenerationContent"/> would refuse all the same.
    /// </summary>
    public static HttpMessageInvoker Open(EndpointOptions options) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        // Our traces are told (Observability/WatchedAttempt.cs), not sent to whoever runs the endpoint.
        ActivityHeadersPropagator = null,
        PooledConnectionLifetime = TimeSpan.Zero,
        ConnectTimeout = options.ConnectTimeout,
        ConnectCallback = ConnectAsync,
        // What is left of a body that was given up is not worth reading: the connection is not used again.
        MaxResponseDrainSize = 0,
    });

    static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken ct)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, KeepAliveAfterSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, KeepAliveEverySeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, KeepAliveRetries);
            await socket.ConnectAsync(context.DnsEndPoint, ct);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
