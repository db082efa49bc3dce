using Npgsql;
using Xunit;

namespace Darkroom.Tests.Infrastructure;

public sealed class TestDatabaseTests
{
    [Fact(Timeout = 30_000)]
    public async Task Databases_are_apart_and_each_has_the_whole_schema()
    {
        await using var one = await TestDatabase.CreateAsync();
        await using var other = await TestDatabase.CreateAsync();

        await ScalarAsync(one, "CREATE TABLE darkroom.only_here ()", TestContext.Current.CancellationToken);

        Assert.Equal(1L, await ScalarAsync(one, "SELECT count(*) FROM pg_tables WHERE tablename = 'only_here'", TestContext.Current.CancellationToken));
        Assert.Equal(0L, await ScalarAsync(other, "SELECT count(*) FROM pg_tables WHERE tablename = 'only_here'", TestContext.Current.CancellationToken));
        Assert.Equal(0L, await ScalarAsync(other, "SELECT count(*) FROM darkroom.jobs", TestContext.Current.CancellationToken));
    }

    [Fact(Timeout = 30_000)]
    public async Task Many_tests_may_ask_for_a_database_at_once()
    {
        var databases = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => TestDatabase.CreateAsync()))
            .WaitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(12, databases.Select(database => database.ConnectionString).Distinct().Count());
        await Task.WhenAll(databases.Select(database => database.DisposeAsync().AsTask()));
    }

    [Fact(Timeout = 30_000)]
    public async Task A_database_is_dropped_with_its_test_even_while_somebody_is_connected()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var forgotten = new NpgsqlConnection(database.ConnectionString);
        await forgotten.OpenAsync(TestContext.Current.CancellationToken);

        await database.DisposeAsync();

        await using var late = new NpgsqlConnection(database.ConnectionString);
        var error = await Assert.ThrowsAsync<PostgresException>(() => late.OpenAsync(TestContext.Current.CancellationToken));
        Assert.Equal(PostgresErrorCodes.InvalidCatalogName, error.SqlState);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_test_sets_the_clock_that_SQL_asks()
    {
        await using var database = await TestDatabase.CreateAsync();

        await database.ShiftClockAsync(TimeSpan.FromDays(1));
        await database.ShiftClockAsync(TimeSpan.FromSeconds(-90.5));

        var shift = await ScalarAsync(database, "SELECT darkroom.now() - statement_timestamp()", TestContext.Current.CancellationToken);
        Assert.Equal(TimeSpan.FromSeconds(-90.5), shift);
    }

    static async Task<object?> ScalarAsync(TestDatabase database, string sql, CancellationToken cancellationToken)
    {
        await using var command = database.DataSource.CreateCommand(sql);
        return await command.ExecuteScalarAsync(cancellationToken);
    }
}
