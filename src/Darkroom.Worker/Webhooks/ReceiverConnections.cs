using System.Net;
using System.Net.Sockets;

namespace Darkroom.Worker.Webhooks;

/// <summary>
/// Connections to receivers. The address is checked on the socket's own end, after the name was resolved, so that a name which answers
/// with a public address when asked and a private one when used (DNS rebinding) gains nothing. No proxy, no redirect, no cookie.
/// </summary>
internal sealed class ReceiverConnections(Receivers receivers) : IDisposable
{
    readonly HttpMessageInvoker http = new(new SocketsHttpHandler
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        UseCookies = false,
        ConnectTimeout = TimeSpan.FromSeconds(10),
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        MaxResponseHeadersLength = 16,
        ConnectCallback = (context, ct) => ConnectAsync(receivers, context.DnsEndPoint, ct),
    });

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken ct) => http.SendAsync(request, ct);

    static async ValueTask<Stream> ConnectAsync(Receivers receivers, DnsEndPoint receiver, CancellationToken ct)
    {
        var all = IPAddress.TryParse(receiver.Host, out var literal) ? [literal] : await Dns.GetHostAddressesAsync(receiver.Host, ct);
        var addresses = Array.FindAll(all, receivers.Allows);
        if (addresses.Length == 0)
            throw new ReceiverRefusedException($"{receiver.Host} is not on the public Internet and in none of Darkroom:Webhooks:AllowedNetworks.");
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, receiver.Port, ct);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public void Dispose() => http.Dispose();
}

/// <summary>Nothing was sent: the receiver is where no delivery may go.</summary>
internal sealed class ReceiverRefusedException(string message) : IOException(message);
