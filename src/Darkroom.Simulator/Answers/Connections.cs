using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;

namespace Darkroom.Simulator.Answers;

/// <summary>Ways to end a connection that HTTP does not know.</summary>
internal static class Connections
{
    // A reset overtakes what the caller has received and not read, so the caller is given a moment to read it.
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(100);

    /// <summary>Ends it with a reset. What was written before is on the wire, because the server keeps no send buffer.</summary>
    public static async Task ResetAsync(HttpContext http, CancellationToken cancel)
    {
        if (http.Response.HasStarted)
            await Task.Delay(Moment, cancel);
        if (http.Features.Get<IConnectionSocketFeature>()?.Socket is { } socket)
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
        http.Abort();
    }

    /// <summary>Ends it as a server does that has died in good order: closed, in the middle of an answer.</summary>
    public static void Close(HttpContext http)
    {
        if (http.Features.Get<IConnectionSocketFeature>()?.Socket is { } socket)
            socket.Shutdown(SocketShutdown.Send);
        http.Abort();
    }
}
