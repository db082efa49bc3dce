using System.Diagnostics.CodeAnalysis;
using Darkroom.Migrations;
using Darkroom.Simulator;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Database;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Operations;
using Npgsql;
using Xunit;

namespace Darkroom.Tests.Database;

[SuppressMessage("Security", "CA2100", Justification = "SQL of the product and of this file.")]
public sealed class An_index_on_a_table_in_use : IAsyncLifetime
{
    const string Index = "ix_jobs_somewhat";

    TestDatabase database = null!;
    NpgsqlConnection migrating = null!;

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        migrating = await database.DataSource.OpenConnectionAsync(Ct);
    }

    public async ValueTask DisposeAsync()
    {
        await migrating.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task Waits_for_whoever_uses_it_without_losing_patience()
    {
        await using var reading = await database.DataSource.OpenConnectionAsync(Ct);
        await using var transaction = await reading.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, Ct);
        await ExecuteAsync(reading, "SELECT FROM darkroom.jobs");
        await ExecuteAsync(migrating, "SET lock_timeout = '1ms'");

        var creation = CreateIndexAsync();
        while (!await AskAsync<bool>("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONCURRENTLY%' AND wait_event = 'virtualxid')"))
            Assert.False(creation.IsCompleted);
        await transaction.CommitAsync(Ct);
        await creation;

        Assert.Equal("(n)", await IndexedAsync());
        Assert.Equal("3s", await AskAsync<string>("SHOW lock_timeout", migrating));
    }

    [Fact]
    public async Task Is_made_anew_where_an_attempt_has_left_an_invalid_one()
    {
        await ExecuteAsync(migrating, $"CREATE INDEX {Index} ON darkroom.jobs (id)");
        await ExecuteAsync(migrating, $"UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'darkroom.{Index}'::regclass");

        await CreateIndexAsync();

        Assert.Equal("(n)", await IndexedAsync());
    }

    /// <summary>A wait in the server would be for the index's maker, who would wait for it; with two connections the server does not see it.</summary>
    [Fact]
    public async Task Does_not_wait_for_a_start_that_waits_for_its_turn_to_migrate()
    {
        var script = SchemaMigration.Script().TrimEnd().Split('\n');
        await using var holding = await database.DataSource.OpenConnectionAsync(Ct);
        await ExecuteAsync(holding, script[0]);
        var last = await AskAsync<string>("DELETE FROM darkroom.schema_versions WHERE migration_id = (SELECT max(migration_id) FROM darkroom.schema_versions) RETURNING migration_id");
        await using var endpoint = await SimulatorHost.StartAsync();
        var start = TestWorker.StartAsync(database, endpoint);
        while (!await AskAsync<bool>($"SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'SELECT pg%advisory_lock(%' AND pid <> {holding.ProcessID})"))
            Assert.False(start.IsCompleted);

        await CreateIndexAsync();

        await ExecuteAsync(migrating, $"INSERT INTO darkroom.schema_versions VALUES ('{last}', '10')");
        await ExecuteAsync(holding, script[^1]);
        await using var worker = await start;
        Assert.Equal("(n)", await IndexedAsync());
    }

    async Task CreateIndexAsync()
    {
        var migration = new MigrationBuilder(activeProvider: null);
        migration.CreateIndexConcurrently(Index, "darkroom.jobs (n)");
        foreach (var step in migration.Operations.Cast<SqlOperation>())
            await ExecuteAsync(migrating, step.Sql);
    }

    Task<string> IndexedAsync() =>
        AskAsync<string>($"SELECT substring(pg_get_indexdef(indexrelid) FROM '\\(.*') FROM pg_index WHERE indexrelid = 'darkroom.{Index}'::regclass AND indisvalid");

    static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Ct);
    }

    async Task<T> AskAsync<T>(string sql, NpgsqlConnection? connection = null)
    {
        await using var command = connection is null ? database.DataSource.CreateCommand(sql) : new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync(Ct))!;
    }
}
