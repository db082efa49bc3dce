using System.Net.Sockets;
using Npgsql;

namespace Darkroom.Worker.Database;

/// <summary>Tells "Postgres is not there just now" from every other error. Only the first is worth waiting out.</summary>
internal static partial class DatabaseOutage
{
    // The server ended our idle transaction or session: this node was frozen longer than it allows. Or it cancelled the statement, by a limit
    // of its own or a person's hand. Or it only reads for now: a primary that was demoted, or whose disk is full.
    static readonly string[] Passing = ["25P03", "57P05", "57014", "25006"];

    /// <summary>
    /// What a loop that runs as long as the process survives: an outage, of which it tells itself, and a defect of ours, told of here. One row
    /// that cannot be worked on must not end the process, and with it every call in flight.
    /// </summary>
    public static bool OrDefect(Exception error, ILogger logger)
    {
        if (error is OperationCanceledException)
            return false;
        if (!Explains(error))
            Log.Defect(logger, error);
        return true;
    }

    public static bool Explains(Exception error) => error switch
    {
        PostgresException postgres => postgres.IsTransient || Passing.Contains(postgres.SqlState),
        NpgsqlException or TimeoutException or SocketException => true,
        // How the driver refuses to go on with a connection or transaction that has broken.
        ObjectDisposedException disposed => disposed.ObjectName.Contains("Npgsql", StringComparison.Ordinal),
        InvalidOperationException { Source: "Npgsql" } => true,
        // EF Core wraps what it takes for transient.
        _ => error.InnerException is not null && Explains(error.InnerException),
    };

    static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "A defect was met; what it was part of is tried again.")]
        public static partial void Defect(ILogger logger, Exception error);
    }
}
