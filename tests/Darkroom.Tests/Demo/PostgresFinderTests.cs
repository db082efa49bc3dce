using System.Net;
using System.Net.Sockets;
using Darkroom.Demo.Postgres;
using Darkroom.Tests.Infrastructure;
using Npgsql;
using Xunit;

namespace Darkroom.Tests.Demo;

public sealed class PostgresFinderTests
{
    /// <summary>Nothing listens on it, and nothing may.</summary>
    static readonly Uri NoEngine = new("tcp://127.0.0.1:1");

    static readonly PostgresNeeds Nothing = new() { ConnectionString = null, DockerEngine = NoEngine, BinaryFolders = [] };

    [Fact(Timeout = 60_000)]
    public async Task The_users_own_server_comes_first_and_is_left_running()
    {
        await using var database = await TestDatabase.CreateAsync();
        var needs = new PostgresNeeds { ConnectionString = database.ConnectionString };

        var found = await PostgresFinder.FindAsync(needs, TestContext.Current.CancellationToken);
        await found.DisposeAsync();

        Assert.Equal("connection string from the environment", found.Origin);
        Assert.Equal(GssEncryptionMode.Disable, new NpgsqlConnectionStringBuilder(found.ConnectionString).GssEncryptionMode);
        await using var command = database.DataSource.CreateCommand("SELECT 1");
        Assert.Equal(1, await command.ExecuteScalarAsync(TestContext.Current.CancellationToken));
    }

    [Theory(Timeout = 60_000)]
    [InlineData("Host=127.0.0.1;Port=1;Username=me;Password=hush", "cannot be used")]
    [InlineData("Hots=127.0.0.1;Password=hush", "no Npgsql connection string")]
    public async Task A_users_server_that_cannot_be_used_ends_the_search(string connectionString, string saying)
    {
        var needs = new PostgresNeeds { ConnectionString = connectionString };

        var failure = await Assert.ThrowsAsync<PostgresNotFoundException>(
            () => PostgresFinder.FindAsync(needs, TestContext.Current.CancellationToken));

        Assert.Contains("ConnectionStrings__Darkroom", failure.Message, StringComparison.Ordinal);
        Assert.Contains(saying, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", failure.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = 360_000)]
    public async Task Docker_comes_before_installed_binaries()
    {
        var needs = new PostgresNeeds { ConnectionString = null, BinaryFolders = ["/must/not/be/asked"] };
        PostgresServer found;
        try
        {
            found = await PostgresFinder.FindAsync(needs, TestContext.Current.CancellationToken);
        }
        catch (PostgresNotFoundException e)
        {
            Requirements.Missing(Requirements.Docker, e.Message.Split('\n').First(line => line.StartsWith("  - Docker: ", StringComparison.Ordinal))[12..]);
            throw;
        }

        await using (found)
        {
            Assert.Equal("Docker (postgres:17)", found.Origin);
            await using var dataSource = NpgsqlDataSource.Create(found.ConnectionString);
            await using var command = dataSource.CreateCommand("SHOW synchronous_commit");
            Assert.Equal("on", await command.ExecuteScalarAsync(TestContext.Current.CancellationToken));
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task Without_an_engine_installed_binaries_serve()
    {
        var needs = new PostgresNeeds { ConnectionString = " ", DockerEngine = NoEngine };

        await using var found = await PostgresFinder.FindAsync(needs, TestContext.Current.CancellationToken);

        Assert.Matches(@"^installed PostgreSQL \d+, private cluster$", found.Origin);
    }

    [Fact(Timeout = 60_000)]
    public async Task An_engine_that_takes_the_call_and_says_nothing_is_passed_over()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var needs = Nothing with { DockerEngine = new Uri($"tcp://{silent.LocalEndpoint}") };

        var failure = await Assert.ThrowsAsync<PostgresNotFoundException>(
            () => PostgresFinder.FindAsync(needs, TestContext.Current.CancellationToken));

        Assert.Contains("Docker: the engine is too slow to answer.", failure.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task Where_there_is_none_the_message_says_what_was_tried_and_how_to_get_one()
    {
        var failure = await Assert.ThrowsAsync<PostgresNotFoundException>(
            () => PostgresFinder.FindAsync(Nothing, TestContext.Current.CancellationToken));

        Assert.All(
            [
                "ConnectionStrings__Darkroom is not set.", "Docker: ", "Installed server: ",
                "apt-get install postgresql", "brew install postgresql", "postgres:17", "export ConnectionStrings__Darkroom=",
            ],
            part => Assert.Contains(part, failure.Message, StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Binaries_that_do_not_work_are_named_with_what_they_said()
    {
        var folder = Directory.CreateTempSubdirectory("darkroom-test-");
        try
        {
            foreach (var program in (string[])["initdb", "pg_ctl", "postgres"])
            {
                await File.WriteAllTextAsync(Path.Combine(folder.FullName, program), "", TestContext.Current.CancellationToken);
            }

            var failure = await Assert.ThrowsAsync<PostgresNotFoundException>(() => PostgresFinder.FindAsync(
                Nothing with { BinaryFolders = [folder.FullName] }, TestContext.Current.CancellationToken));

            Assert.Contains($"Installed server in {folder.FullName}: ", failure.Message, StringComparison.Ordinal);
            Assert.Contains("Permission denied", failure.Message, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
