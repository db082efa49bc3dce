using System.Net.Sockets;
using Npgsql;

namespace Darkroom.Worker.Database;

/// <summary>Tells "Postgres is not there just now" from every other error. Only the first is worth waiting out.</summary>
internal static class DatabaseOutage
{
    // The server ended our idle transaction or session: this node was frozen longer than it allows.
    static readonly string[] EndedByServer = ["25P03", "57P05"];

    public static bool Explains(Exception error) => error switch
    {
        PostgresException postgres => postgres.IsTransient || EndedByServer.Contains(postgres.SqlState),
        NpgsqlException or TimeoutException or SocketException => true,
        // How the driver refuses to go on with a connection or transaction that has broken.
        ObjectDisposedException disposed => disposed.ObjectName.Contains("Npgsql", StringComparison.Ordinal),
        InvalidOperationException { Source: "Npgsql" } => true,
        // EF Core wraps what it takes for transient.
        _ => error.InnerException is not null && Explains(error.InnerException),
    };
}
