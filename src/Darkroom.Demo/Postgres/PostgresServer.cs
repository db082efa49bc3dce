using Npgsql;

namespace Darkroom.Demo.Postgres;

/// <summary>A Postgres that answers. Disposing it ends what was started for it, and leaves alone what was there before.</summary>
internal abstract class PostgresServer(NpgsqlConnectionStringBuilder connection, string origin) : IAsyncDisposable
{
    public string ConnectionString { get; } = WithoutKerberos(connection);

    /// <summary>Where it comes from, in words for a person: "installed PostgreSQL 15, private cluster".</summary>
    public string Origin { get; } = origin;

    public abstract ValueTask DisposeAsync();

    /// <summary>Asking a Kerberos library without configuration for a ticket has aborted processes at exit; nothing here wants one.</summary>
    static string WithoutKerberos(NpgsqlConnectionStringBuilder connection)
    {
        if (!connection.ShouldSerialize("GSS Encryption Mode"))
        {
            connection.GssEncryptionMode = GssEncryptionMode.Disable;
        }

        return connection.ConnectionString;
    }
}
