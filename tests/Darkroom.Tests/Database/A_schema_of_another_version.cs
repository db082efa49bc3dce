using System.Diagnostics.CodeAnalysis;
using Darkroom.Migrations;
using Darkroom.Simulator;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker;
using Darkroom.Worker.Database;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Operations;
using Xunit;

namespace Darkroom.Tests.Database;

[SuppressMessage("Security", "CA2100", Justification = "SQL of the product and of this file.")]
public sealed class A_schema_of_another_version : IAsyncLifetime
{
    const string Future = "99990101000000_Future";

    TestDatabase database = null!;
    SimulatorHost endpoint = null!;

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => (database, endpoint) = (await TestDatabase.CreateAsync(), await SimulatorHost.StartAsync());

    public async ValueTask DisposeAsync()
    {
        await endpoint.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task That_is_older_is_brought_up_to_date_where_a_start_migrates()
    {
        await ExecuteAsync("DROP SCHEMA darkroom CASCADE");

        await using var worker = await StartAsync();

        Assert.True(await AskAsync<bool>("SELECT count(*) > 1 FROM darkroom.schema_versions"));
    }

    [Fact]
    public async Task That_is_older_ends_a_start_that_does_not_migrate_and_says_what_to_do()
    {
        await ExecuteAsync("DROP SCHEMA darkroom CASCADE");

        var refusal = await Assert.ThrowsAsync<StartException>(() => StartAsync("Darkroom:Database:MigrateAtStart=false"));

        Assert.Contains("older than this version", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("_Initial", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("migrate --script", refusal.Message, StringComparison.Ordinal);
        Assert.False(await AskAsync<bool>("SELECT to_regclass('darkroom.jobs') IS NOT NULL"));
    }

    [Theory]
    [InlineData("true")]
    [InlineData("false")]
    public async Task That_is_newer_serves_the_nodes_that_are_being_replaced(string migrates)
    {
        await ApplyAsync(Future);

        await using var worker = await StartAsync($"Darkroom:Database:MigrateAtStart={migrates}");

        Assert.Contains(worker.Log.All, line => line.Contains("newer than this version", StringComparison.Ordinal) && line.Contains(Future, StringComparison.Ordinal));
    }

    [Fact]
    public async Task That_has_given_up_what_this_version_needs_ends_the_start_in_words()
    {
        await ApplyAsync(Future);
        await ServeSinceAsync(Future);

        var refusal = await Assert.ThrowsAsync<StartException>(() => StartAsync());

        Assert.Contains("too new for this version", refusal.Message, StringComparison.Ordinal);
        Assert.Contains($"know {Future}", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task That_has_given_up_what_only_earlier_versions_need_serves_this_one()
    {
        await ServeSinceAsync(await AskAsync<string>("SELECT max(migration_id) FROM darkroom.schema_versions"));
        await ApplyAsync(Future);

        await using var worker = await StartAsync();
    }

    [Fact]
    public async Task That_other_people_made_is_left_alone()
    {
        await ApplyAsync(Future);
        await ExecuteAsync("DELETE FROM darkroom.schema_versions WHERE migration_id = (SELECT min(migration_id) FROM darkroom.schema_versions)");

        var refusal = await Assert.ThrowsAsync<StartException>(() => StartAsync());

        Assert.Contains("another line of versions", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(Future, refusal.Message, StringComparison.Ordinal);
    }

    Task<TestWorker> StartAsync(params string[] settings) => TestWorker.StartAsync(database, endpoint, settings);

    Task ApplyAsync(string migration) => ExecuteAsync($"INSERT INTO darkroom.schema_versions VALUES ('{migration}', '10')");

    /// <summary>By the SQL of the migration that takes something away.</summary>
    Task ServeSinceAsync(string oldest)
    {
        var migration = new MigrationBuilder(activeProvider: null);
        migration.ServesSince(oldest);
        return ExecuteAsync(Assert.IsType<SqlOperation>(Assert.Single(migration.Operations)).Sql);
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
