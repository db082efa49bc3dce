using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Database;
using Npgsql;
using Xunit;

namespace Darkroom.Tests.Database;

public sealed class Two_data_sources(TestDatabase database) : IClassFixture<TestDatabase>
{
    DatabaseSettings Settings => new() { ConnectionString = database.ConnectionString };

    [Fact]
    public async Task Our_rows_are_as_durable_as_the_server_makes_them() =>
        Assert.Equal(await AskAsync(database.ConnectionString, "synchronous_commit"), await AskAsync(Settings.ForOurRows(), "synchronous_commit"));

    [Fact]
    public async Task Tickets_do_not_wait_for_the_disk() => Assert.Equal("off", await AskAsync(Settings.ForTickets(), "synchronous_commit"));

    [Fact]
    public async Task A_frozen_nodes_transaction_is_ended_by_the_server()
    {
        Assert.Equal("5s", await AskAsync(Settings.ForOurRows(), "idle_in_transaction_session_timeout"));
        Assert.Equal("5s", await AskAsync(Settings.ForTickets(), "idle_in_transaction_session_timeout"));
    }

    [Fact]
    public async Task What_the_connection_string_says_stands()
    {
        var settings = new DatabaseSettings { ConnectionString = database.ConnectionString + ";Maximum Pool Size=7;Options=-c work_mem=8MB" };

        Assert.Equal(7, new NpgsqlConnectionStringBuilder(settings.ForOurRows()).MaxPoolSize);
        Assert.Equal("8MB", await AskAsync(settings.ForOurRows(), "work_mem"));
    }

    static async Task<string> AskAsync(string connectionString, string setting)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var show = new NpgsqlCommand($"SHOW {setting}", connection);
        return (string)(await show.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }
}
