using Darkroom.Demo.Postgres;
using Npgsql;
using Xunit;

namespace Darkroom.Tests.Infrastructure;

/// <summary>What matters on a server that outlives the run.</summary>
public sealed class TestServerTests(TestDatabase outside) : IClassFixture<TestDatabase>
{
    [Fact(Timeout = 30_000)]
    public async Task Databases_of_crashed_runs_are_dropped_and_no_others()
    {
        await ExecuteAsync("CREATE DATABASE darkroom_test_20000101000000_left", TestContext.Current.CancellationToken);
        await ExecuteAsync("CREATE DATABASE darkroom_test_mine", TestContext.Current.CancellationToken);

        await using (await PrepareAsync(outside.ConnectionString, TestContext.Current.CancellationToken))
        {
            var names = await NamesAsync(TestContext.Current.CancellationToken);
            Assert.DoesNotContain("darkroom_test_20000101000000_left", names);
            Assert.Contains("darkroom_test_mine", names);
            Assert.Contains(new NpgsqlConnectionStringBuilder(outside.ConnectionString).Database, names);
        }

        await ExecuteAsync("DROP DATABASE darkroom_test_mine", TestContext.Current.CancellationToken);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_run_leaves_no_database_behind()
    {
        string template;
        string database;
        await using (var server = await PrepareAsync(outside.ConnectionString, TestContext.Current.CancellationToken))
        {
            template = server.Template;
            database = await server.CreateAsync();
            Assert.Contains(template, await NamesAsync(TestContext.Current.CancellationToken));
            await server.DropAsync(database);
        }

        var names = await NamesAsync(TestContext.Current.CancellationToken);
        Assert.DoesNotContain(template, names);
        Assert.DoesNotContain(new NpgsqlConnectionStringBuilder(database).Database, names);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_role_that_may_not_create_databases_is_told_so()
    {
        await ExecuteAsync("CREATE ROLE plain LOGIN PASSWORD 'plain'", TestContext.Current.CancellationToken);
        var plain = new NpgsqlConnectionStringBuilder(outside.ConnectionString) { Username = "plain", Password = "plain" };

        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(
            () => PrepareAsync(plain.ConnectionString, TestContext.Current.CancellationToken));

        Assert.Contains("ALTER ROLE plain CREATEDB", refusal.Message, StringComparison.Ordinal);
        await ExecuteAsync("DROP ROLE plain", TestContext.Current.CancellationToken);
    }

    static async Task<TestServer> PrepareAsync(string connectionString, CancellationToken cancellationToken)
    {
        var needs = new PostgresNeeds { ConnectionString = connectionString };
        return await TestServer.PrepareAsync(await PostgresFinder.FindAsync(needs, cancellationToken), _ => Task.CompletedTask);
    }

    async Task<List<string>> NamesAsync(CancellationToken cancellationToken)
    {
        await using var command = outside.DataSource.CreateCommand("SELECT array_agg(datname::text) FROM pg_database");
        return [.. (string[])(await command.ExecuteScalarAsync(cancellationToken))!];
    }

    async Task ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using var command = outside.DataSource.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
