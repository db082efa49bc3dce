using Darkroom.Demo.Postgres;
using Darkroom.Migrations;
using Darkroom.Tests.Infrastructure;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Xunit;

[assembly: AssemblyFixture(typeof(TestPostgres))]

namespace Darkroom.Tests.Infrastructure;

/// <summary>
/// One Postgres for the whole run, found or started when the first test asks for a database. Where none can be had, every such test
/// fails with the finder's message.
/// </summary>
public sealed class TestPostgres : IAsyncDisposable
{
    readonly Lazy<Task<TestServer>> server = new(StartAsync);

    internal async Task<string> CreateDatabaseAsync() => await (await server.Value).CreateAsync();

    internal async Task DropDatabaseAsync(string connectionString) => await (await server.Value).DropAsync(connectionString);

    /// <summary>Not tied to the test that happens to be the first: its cancellation would fail all the others.</summary>
    static async Task<TestServer> StartAsync()
    {
        var postgres = await PostgresFinder.FindAsync(new PostgresNeeds(), CancellationToken.None);
        return await TestServer.PrepareAsync(postgres, MigrateAsync);
    }

    /// <summary>What every test database holds from the start.</summary>
    internal static async Task MigrateAsync(NpgsqlDataSource dataSource)
    {
        var options = new DbContextOptionsBuilder<DarkroomDb>();
        options.UseDarkroom(dataSource);
        await using var db = new DarkroomDb(options.Options);
        await db.Database.MigrateAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (server.IsValueCreated && server.Value.IsCompletedSuccessfully)
        {
            await (await server.Value).DisposeAsync();
        }
    }
}
