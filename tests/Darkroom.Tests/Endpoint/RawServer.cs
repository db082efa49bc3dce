using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Darkroom.Tests.Endpoint;

/// <summary>A server that does to its connections exactly what a test says, and counts them.</summary>
internal sealed class RawServer : IAsyncDisposable
{
    readonly TcpListener listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource stop = new();
    readonly List<Task> serving = [];
    readonly Task accepting;
    int connections;

    public RawServer(Func<RawConnection, Task> serve)
    {
        listener.Start();
        Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        accepting = AcceptAsync(serve);
    }

    public int Port { get; }

    public Uri Address => new($"http://127.0.0.1:{Port}");

    public Uri SecureAddress => new($"https://127.0.0.1:{Port}");

    public int Connections => Volatile.Read(ref connections);

    /// <summary>Answers every request with these bytes.</summary>
    public static RawServer Answering(params string[] answer) => new(async connection =>
    {
        await connection.ReadRequestAsync();
        foreach (var part in answer)
            await connection.SendAsync(part);
    });

    async Task AcceptAsync(Func<RawConnection, Task> serve)
    {
        while (true)
        {
            Socket socket;
            try
            {
                socket = await listener.AcceptSocketAsync(stop.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            Interlocked.Increment(ref connections);
            serving.Add(ServeAsync(socket, serve));
        }
    }

    async Task ServeAsync(Socket socket, Func<RawConnection, Task> serve)
    {
        using var connection = new RawConnection(socket, stop.Token);
        try
        {
            await serve(connection);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            // The client has gone, or the test is over.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await accepting;
        listener.Dispose();
        await Task.WhenAll(serving);
        stop.Dispose();
    }
}

internal sealed class RawConnection(Socket socket, CancellationToken stopping) : IDisposable
{
    public NetworkStream Stream { get; } = new(socket, ownsSocket: true);

    public CancellationToken Stopping => stopping;

    /// <summary>The head and the body of the next request, as sent.</summary>
    public async Task<(string Head, string Body)> ReadRequestAsync()
    {
        var bytes = new List<byte>();
        var buffer = new byte[64 << 10];
        while (true)
        {
            var text = Encoding.UTF8.GetString([.. bytes]);
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end >= 0)
            {
                var length = int.Parse(
                    text[..end].Split("\r\n").Single(l => l.StartsWith("Content-Length: ", StringComparison.Ordinal))[16..]);
                var headBytes = Encoding.UTF8.GetByteCount(text[..end]) + 4;
                if (bytes.Count >= headBytes + length)
                    return (text[..end], Encoding.UTF8.GetString([.. bytes.Skip(headBytes)]));
            }
            var read = await Stream.ReadAsync(buffer, stopping);
            if (read == 0)
                throw new IOException("The client closed the connection.");
            bytes.AddRange(buffer.AsSpan(0, read));
        }
    }

    public Task SendAsync(string text) => Stream.WriteAsync(Encoding.UTF8.GetBytes(text), stopping).AsTask();

    public void Reset()
    {
        socket.LingerState = new LingerOption(enable: true, seconds: 0);
        socket.Close();
    }

    /// <summary>Until the client closes its end or the test is over.</summary>
    public async Task WaitForCloseAsync()
    {
        while (await Stream.ReadAsync(new byte[1024], stopping) > 0)
        {
        }
    }

    public void Dispose() => Stream.Dispose();
}
