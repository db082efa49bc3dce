using System.Net;
using System.Net.Sockets;

namespace Darkroom.CrashTests;

/// <summary>Stands between a worker and a server: refuses it, or stops within a request, at an address that stays the same.</summary>
internal sealed class TcpRelay(Uri server) : IAsyncDisposable
{
    readonly List<Socket> open = [];
    readonly Lock change = new();
    TcpListener? listener;
    long passing = long.MaxValue;
    TaskCompletionSource held = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Uri Address { get; private set; } = new("http://127.0.0.1:0");

    public void Start()
    {
        listener = new TcpListener(IPAddress.Loopback, Address.Port);
        listener.Start();
        Address = new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
        _ = AcceptAsync(listener);
    }

    /// <summary>Connections break and new ones are refused, until <see cref="Start"/>.</summary>
    public void Stop()
    {
        listener?.Dispose();
        lock (change)
        {
            open.ForEach(socket => socket.Dispose());
            open.Clear();
        }
    }

    /// <summary>Lets so many bytes of requests pass and keeps the rest to itself; ends when it has begun to.</summary>
    public Task HoldAfterAsync(int bytes, CancellationToken ct)
    {
        held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref passing, bytes);
        return held.Task.WaitAsync(ct);
    }

    /// <summary>Lets everything pass again, on connections to come.</summary>
    public void Release() => Volatile.Write(ref passing, long.MaxValue);

    async Task AcceptAsync(TcpListener from)
    {
        try
        {
            while (true)
                _ = ServeAsync(await from.AcceptSocketAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
        }
    }

    async Task ServeAsync(Socket client)
    {
        using var toServer = new Socket(SocketType.Stream, ProtocolType.Tcp);
        lock (change)
            open.AddRange([client, toServer]);
        try
        {
            await toServer.ConnectAsync(server.Host, server.Port);
            await Task.WhenAny(PassAsync(client, toServer, counted: true), PassAsync(toServer, client, counted: false));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
        }
        client.Dispose();
    }

    async Task PassAsync(Socket from, Socket to, bool counted)
    {
        var buffer = new byte[4096];
        try
        {
            int read;
            while ((read = await from.ReceiveAsync(buffer)) > 0)
            {
                if (counted && Interlocked.Add(ref passing, -read) < 0)
                {
                    held.TrySetResult();
                    continue;
                }
                await to.SendAsync(buffer.AsMemory(0, read));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
        }
    }

    public ValueTask DisposeAsync()
    {
        Stop();
        return ValueTask.CompletedTask;
    }
}
