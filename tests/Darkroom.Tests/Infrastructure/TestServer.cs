using System.Globalization;
using System.Security.Cryptography;
using Darkroom.Demo.Postgres;
using Npgsql;

namespace Darkroom.Tests.Infrastructure;

/// <summary>Databases for tests on one server, each a copy of a template that was migrated once.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    const string Prefix = "darkroom_test_";
    const string Stamp = "yyyyMMddHHmmss";

    /// <summary>A database this old is a crashed run's. Only a server that outlives the run can hold one.</summary>
    static readonly TimeSpan LeftoverAfter = TimeSpan.FromHours(2);

    readonly PostgresServer postgres;
    readonly NpgsqlDataSource admin;

    TestServer(PostgresServer postgres)
    {
        this.postgres = postgres;
        admin = NpgsqlDataSource.Create(postgres.ConnectionString);
    }

    /// <summary>The database that the others are copies of.</summary>
    public string Template { get; } = NewName();

    /// <param name="migrate">Makes the schema in an empty database.</param>
    public static async Task<TestServer> PrepareAsync(PostgresServer postgres, Func<NpgsqlDataSource, Task> migrate)
    {
        var server = new TestServer(postgres);
        try
        {
            await server.RequireRightToCreateAsync();
            await server.DropLeftoversAsync();
            await server.ExecuteAsync($"CREATE DATABASE {server.Template}");
            // Unpooled: Postgres copies no database that somebody is connected to.
            var unpooled = new NpgsqlConnectionStringBuilder(server.ConnectionTo(server.Template)) { Pooling = false };
            await using var dataSource = NpgsqlDataSource.Create(unpooled);
            await migrate(dataSource);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    async Task RequireRightToCreateAsync()
    {
        await using var command = admin.CreateCommand("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user");
        if (await command.ExecuteScalarAsync() is not true)
        {
            var role = new NpgsqlConnectionStringBuilder(postgres.ConnectionString).Username;
            throw new InvalidOperationException(
                $"Every test gets a database of its own, and the role of {PostgresNeeds.Variable} may not create any. ALTER ROLE {role} CREATEDB lets it.");
        }
    }

    async Task DropLeftoversAsync()
    {
        var names = new List<string>();
        await using (var command = admin.CreateCommand(
            $"SELECT datname FROM pg_database WHERE starts_with(datname, '{Prefix}') AND pg_get_userbyid(datdba) = current_user"))
        await using (var reader = await command.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
            {
                names.Add(reader.GetString(0));
            }
        }

        foreach (var name in names.Where(name => MadeAt(name) < TimeProvider.System.GetUtcNow() - LeftoverAfter))
        {
            await ExecuteAsync($"DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)");
        }
    }

    static string NewName() =>
        $"{Prefix}{TimeProvider.System.GetUtcNow().ToString(Stamp, CultureInfo.InvariantCulture)}_{RandomNumberGenerator.GetHexString(8, lowercase: true)}";

    static DateTimeOffset? MadeAt(string name) => DateTimeOffset.TryParseExact(
        name.AsSpan(Prefix.Length, Math.Min(Stamp.Length, name.Length - Prefix.Length)), Stamp,
        CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : null;

    /// <returns>The connection string of a fresh database.</returns>
    public async Task<string> CreateAsync()
    {
        var name = NewName();
        await ExecuteAsync($"CREATE DATABASE {name} TEMPLATE {Template}");
        return ConnectionTo(name);
    }

    /// <summary>Drops the database under whatever is still connected to it.</summary>
    public async Task DropAsync(string connectionString)
    {
        // A data source that a test forgot would fail on its next connection; a pool kept by connection string would hold dead ones.
        NpgsqlConnection.ClearPool(new NpgsqlConnection(connectionString));
        await ExecuteAsync($"DROP DATABASE IF EXISTS {new NpgsqlConnectionStringBuilder(connectionString).Database} WITH (FORCE)");
    }

    string ConnectionTo(string database) =>
        new NpgsqlConnectionStringBuilder(postgres.ConnectionString) { Database = database }.ConnectionString;

    async Task ExecuteAsync(string sql)
    {
        await using var command = admin.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await ExecuteAsync($"DROP DATABASE IF EXISTS {Template} WITH (FORCE)");
        await admin.DisposeAsync();
        await postgres.DisposeAsync();
    }
}
