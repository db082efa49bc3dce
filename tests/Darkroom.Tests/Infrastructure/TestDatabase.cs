using System.Globalization;
using Npgsql;
using Xunit;

namespace Darkroom.Tests.Infrastructure;

/// <summary>
/// A migrated database of one's own: for a test with <see cref="CreateAsync"/>, for a class as its <c>IClassFixture</c>. Dropped when
/// disposed, with whatever is still connected to it.
/// </summary>
public sealed class TestDatabase(TestPostgres postgres) : IAsyncLifetime
{
    NpgsqlDataSource? dataSource;

    public static async Task<TestDatabase> CreateAsync()
    {
        var postgres = await TestContext.Current.GetFixture<TestPostgres>()
            ?? throw new InvalidOperationException("A test database exists only within a test run.");
        var database = new TestDatabase(postgres);
        await database.InitializeAsync();
        return database;
    }

    public string ConnectionString { get; private set; } = "";

    public NpgsqlDataSource DataSource => dataSource ?? throw new InvalidOperationException("The database has not been created yet.");

    public async ValueTask InitializeAsync()
    {
        ConnectionString = await postgres.CreateDatabaseAsync();
        // A busy machine may take its time over a hundred thousand rows.
        dataSource = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(ConnectionString) { CommandTimeout = 120 });
    }

    /// <summary>Sets <c>darkroom.now()</c>, the only clock our SQL asks, off from the server's. Calls do not add up.</summary>
    /// <param name="total">How far ahead of the real time, or behind it if negative.</param>
    public async Task ShiftClockAsync(TimeSpan total)
    {
        var seconds = total.TotalSeconds.ToString("F6", CultureInfo.InvariantCulture);
        await using var command = DataSource.CreateCommand($"""
            CREATE OR REPLACE FUNCTION darkroom.now() RETURNS timestamptz LANGUAGE sql STABLE
            AS $$ SELECT statement_timestamp() + interval '{seconds} seconds' $$
            """);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>The bootstrap key's; a worker makes it when it first starts.</summary>
    public async Task<Guid> DefaultProjectAsync()
    {
        await using var command = DataSource.CreateCommand("SELECT id FROM darkroom.projects WHERE name = 'default'");
        return (Guid)(await command.ExecuteScalarAsync())!;
    }

    public async ValueTask DisposeAsync()
    {
        if (dataSource is not null)
        {
            await dataSource.DisposeAsync();
            await postgres.DropDatabaseAsync(ConnectionString);
        }
    }
}
