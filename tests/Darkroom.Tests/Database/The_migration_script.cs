using System.Diagnostics.CodeAnalysis;
using Darkroom.Migrations;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker;
using Darkroom.Worker.Database;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Xunit;

namespace Darkroom.Tests.Database;

[SuppressMessage("Security", "CA2100", Justification = "SQL of the product and of this file.")]
public sealed class The_migration_script(TestDatabase migrated) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    /// <summary>Everything that a migration can make, one line each.</summary>
    const string Contents = """
        SELECT string_agg(line, E'\n' ORDER BY line) FROM (
            SELECT format('%s.%s %s %s %s', table_name, column_name, udt_name, is_nullable, column_default) AS line FROM information_schema.columns WHERE table_schema = 'darkroom'
            UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'darkroom'
            UNION ALL SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'darkroom'::regnamespace
            UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'darkroom'::regnamespace
            UNION ALL SELECT migration_id FROM darkroom.schema_versions) AS contents
        """;

    const string Locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

    TestDatabase database = null!;

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => database = await TestDatabase.CreateAsync();

    public ValueTask DisposeAsync() => database.DisposeAsync();

    [Fact]
    public async Task Makes_of_an_empty_database_what_migrating_makes_and_may_be_applied_again()
    {
        await ExecuteAsync("DROP SCHEMA darkroom CASCADE");

        await ExecuteAsync(SchemaMigration.Script());
        await ExecuteAsync(SchemaMigration.Script());

        Assert.Equal(await ContentsAsync(migrated), await ContentsAsync(database));
    }

    [Fact]
    public async Task Brings_the_first_schema_to_this_version()
    {
        await ExecuteAsync("DROP SCHEMA darkroom CASCADE");
        await using (var db = new DarkroomDb((DbContextOptions<DarkroomDb>)new DbContextOptionsBuilder<DarkroomDb>().UseDarkroom(database.DataSource).Options))
            await db.GetService<IMigrator>().MigrateAsync(db.Database.GetMigrations().First(), Ct);

        await ExecuteAsync(SchemaMigration.Script());

        Assert.Equal(await ContentsAsync(migrated), await ContentsAsync(database));
    }

    [Fact]
    public async Task Changes_nothing_where_all_is_done()
    {
        await ExecuteAsync(SchemaMigration.Script());

        Assert.Equal(await ContentsAsync(migrated), await ContentsAsync(database));
    }

    [Fact]
    public async Task Waits_for_whoever_migrates()
    {
        var lines = SchemaMigration.Script().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        await using var migrating = await database.DataSource.OpenConnectionAsync(Ct);
        await using var transaction = await migrating.BeginTransactionAsync(Ct);
        await using var takeLock = migrating.CreateCommand();
        takeLock.CommandText = lines[0].Replace("pg_advisory_lock", "pg_advisory_xact_lock", StringComparison.Ordinal);
        await takeLock.ExecuteNonQueryAsync(Ct);

        var script = ExecuteAsync(SchemaMigration.Script());
        while (await AskAsync<long>($"{Locks} AND NOT granted") == 0)
            Assert.False(script.IsCompleted);
        await transaction.CommitAsync(Ct);
        await script;

        Assert.Equal(0, await AskAsync<long>(Locks));
    }

    [Theory]
    [InlineData("migrate", "--scirpt")]
    [InlineData("migrate", "script")]
    public void Asked_for_by_another_name_migrates_nothing(params string[] args)
    {
        var refusal = Assert.Throws<StartException>(() => MigrateCommand.AsSettings(args));

        Assert.Contains("--script", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(args[1], refusal.Message, StringComparison.Ordinal);
    }

    static async Task<string> ContentsAsync(TestDatabase database)
    {
        await using var command = database.DataSource.CreateCommand(Contents);
        return (string)(await command.ExecuteScalarAsync(Ct))!;
    }

    async Task ExecuteAsync(string sql)
    {
        await using var command = database.DataSource.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Ct);
    }

    async Task<T> AskAsync<T>(string sql)
    {
        await using var command = database.DataSource.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync(Ct))!;
    }
}
