using Npgsql;

namespace Darkroom.Demo.Postgres;

/// <summary>A server of the user's own, named by a connection string. It is never stopped.</summary>
internal sealed class OutsidePostgres : PostgresServer
{
    OutsidePostgres(NpgsqlConnectionStringBuilder connection) : base(connection, "connection string from the environment")
    {
    }

    /// <summary>
    /// Null if no server is named. One that is named and does not answer ends the search: the user meant that one, and work done in
    /// another would be lost from sight.
    /// </summary>
    public static async Task<OutsidePostgres?> TryConnectAsync(
        PostgresNeeds needs, ICollection<string> whyNot, CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(needs.ConnectionString))
        {
            whyNot.Add($"{PostgresNeeds.Variable} is not set.");
            return null;
        }

        var server = new OutsidePostgres(Parse(needs.ConnectionString));
        await using var dataSource = NpgsqlDataSource.Create(server.ConnectionString);
        try
        {
            await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        }
        catch (NpgsqlException e)
        {
            throw new PostgresNotFoundException($"{PostgresNeeds.Variable} names a Postgres that cannot be used: {e.Message}");
        }

        return server;
    }

    static NpgsqlConnectionStringBuilder Parse(string connectionString)
    {
        try
        {
            return new NpgsqlConnectionStringBuilder(connectionString);
        }
        catch (ArgumentException e)
        {
            throw new PostgresNotFoundException($"{PostgresNeeds.Variable} is no Npgsql connection string: {e.Message}");
        }
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
