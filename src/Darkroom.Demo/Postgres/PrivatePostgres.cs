using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Npgsql;

namespace Darkroom.Demo.Postgres;

/// <summary>
/// A cluster of our own from installed server binaries: in a private temporary folder, on a free port of 127.0.0.1, by an unprivileged
/// user when root starts it. It ends with this process, however that ends, and leaves no file behind.
/// </summary>
internal sealed class PrivatePostgres : PostgresServer
{
    /// <summary>Between finding a port free and Postgres binding it, somebody else may.</summary>
    const int PortAttempts = 3;

    readonly Keeper keeper;
    readonly string options;

    PrivatePostgres(Keeper keeper, Cluster cluster, int port, string options)
        : base(cluster.Connection(port), $"installed PostgreSQL {cluster.Version}, private cluster")
    {
        this.keeper = keeper;
        this.options = options;
        Folder = cluster.Folder;
    }

    /// <summary>Holds the data and the log, <c>server.log</c>.</summary>
    public string Folder { get; }

    public static async Task<PrivatePostgres?> TryStartAsync(
        PostgresNeeds needs, ICollection<string> whyNot, CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows())
        {
            whyNot.Add("Installed server: not looked for on Windows; use Docker, WSL or a connection string.");
            return null;
        }

        if (needs.BinaryFolders.FirstOrDefault(InstalledBinaries.AreIn) is not { } binaries)
        {
            whyNot.Add("Installed server: no folder with initdb, pg_ctl and postgres, neither on PATH nor in the usual places.");
            return null;
        }

        try
        {
            return await StartAsync(Keeper.Start(binaries), needs, cancellationToken);
        }
        catch (Exception e) when (e is PostgresCommandException or Win32Exception)
        {
            whyNot.Add($"Installed server in {binaries}: {e.Message}");
            return null;
        }
    }

    static async Task<PrivatePostgres> StartAsync(Keeper keeper, PostgresNeeds needs, CancellationToken cancellationToken)
    {
        try
        {
            return await InitAndStartAsync(keeper, needs, cancellationToken);
        }
        catch
        {
            await keeper.DisposeAsync();
            throw;
        }
    }

    static async Task<PrivatePostgres> InitAndStartAsync(Keeper keeper, PostgresNeeds needs, CancellationToken cancellationToken)
    {
        var password = RandomNumberGenerator.GetHexString(32);
        var said = await keeper.TellAsync($"init {password}", cancellationToken);
        var cluster = new Cluster(said[^2], said[^1], password);
        for (var attempt = 1; ; attempt++)
        {
            var port = FreePort();
            var options = $"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
                + string.Concat(needs.ServerSettings.Select(setting => $" -c {setting}"));
            try
            {
                await keeper.TellAsync($"start {options}", cancellationToken);
                return new PrivatePostgres(keeper, cluster, port, options);
            }
            catch (PostgresCommandException) when (attempt < PortAttempts)
            {
            }
        }
    }

    /// <summary>Below the range systems give outgoing connections, lest one takes the port while the server is stopped for a while.</summary>
    static int FreePort()
    {
        while (true)
        {
            using var probe = new TcpListener(IPAddress.Loopback, Random.Shared.Next(20_000, 32_000));
            try
            {
                probe.Start();
                return ((IPEndPoint)probe.LocalEndpoint).Port;
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.AddressAlreadyInUse)
            {
            }
        }
    }

    /// <param name="immediate">As a crash would: no connection is told, and the next start recovers from the log.</param>
    /// <exception cref="PostgresCommandException">It was not running, or does not stop.</exception>
    public Task StopAsync(bool immediate, CancellationToken cancellationToken) =>
        keeper.TellAsync(immediate ? "stop immediate" : "stop fast", cancellationToken);

    /// <summary>Starts it again after <see cref="StopAsync"/>: the same data, the same port, the same connection string.</summary>
    /// <exception cref="PostgresCommandException">It does not start; the message holds the end of its log.</exception>
    public Task StartAsync(CancellationToken cancellationToken) => keeper.TellAsync($"start {options}", cancellationToken);

    /// <summary>Returns when the server is down and its folder gone.</summary>
    public override ValueTask DisposeAsync() => keeper.DisposeAsync();

    sealed record Cluster(string Folder, string Version, string Password)
    {
        public NpgsqlConnectionStringBuilder Connection(int port) => new()
        {
            Host = "127.0.0.1",
            Port = port,
            Database = "postgres",
            Username = "darkroom",
            Password = Password,
        };
    }
}
