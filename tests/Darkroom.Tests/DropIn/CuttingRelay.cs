using System.Net;
using System.Net.Sockets;
using Xunit;

namespace Darkroom.Tests.DropIn;

/// <summary>Stands between a client and the worker, and resets connections when told to.</summary>
internal sealed class CuttingRelay : IAsyncDisposable
{
    readonly Uri server;
    readonly TcpListener listener = new(IPAddress.Loopback, 0);
    List<Socket> open = [];
    readonly Lock change = new();
    readonly SemaphoreSlim arrived = new(0);
    TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public CuttingRelay(Uri server)
    {
        this.server = server;
        gate.SetResult();
        listener.Start();
        _ = AcceptAsync();
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");

    /// <summary>Returns once another connection has been made.</summary>
    public Task ArrivedAsync() => arrived.WaitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(1));

    /// <summary>Resets what is connected; what connects from now on waits at the door until <see cref="Admit"/>.</summary>
    public void Cut()
    {
        gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        List<Socket> cut;
        lock (change)
        {
            (cut, open) = (open, []);
            cut.ForEach(socket => socket.LingerState = new(true, 0));
        }
        // Not under the lock: whoever reads from it goes on right here.
        cut.ForEach(socket => socket.Dispose());
    }

    /// <summary>New connections wait at the door; those there are go on.</summary>
    public void HoldNew() => gate = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Admit() => gate.TrySetResult();

    async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await listener.AcceptSocketAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
        }
    }

    async Task ServeAsync(Socket client)
    {
        var door = gate.Task;
        arrived.Release();
        await door;
        var worker = new Socket(SocketType.Stream, ProtocolType.Tcp);
        lock (change)
            open.AddRange([client, worker]);
        try
        {
            await worker.ConnectAsync(server.Host, server.Port);
            await Task.WhenAny(PassAsync(client, worker), PassAsync(worker, client));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
        }
        lock (change)
            open.RemoveAll(socket => socket == client || socket == worker);
        client.Dispose();
        worker.Dispose();
    }

    static async Task PassAsync(Socket from, Socket to)
    {
        var buffer = new byte[8192];
        try
        {
            for (int read; (read = await from.ReceiveAsync(buffer)) > 0;)
                await to.SendAsync(buffer.AsMemory(0, read));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
        }
    }

    public ValueTask DisposeAsync()
    {
        listener.Dispose();
        Cut();
        arrived.Dispose();
        return ValueTask.CompletedTask;
    }
}
