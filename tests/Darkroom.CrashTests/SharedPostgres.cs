using Darkroom.CrashTests;
using Darkroom.Demo.Postgres;
using Npgsql;
using Xunit;

[assembly: AssemblyFixture(typeof(SharedPostgres))]

namespace Darkroom.CrashTests;

/// <summary>One server for all scenarios that leave it alone; each has a database of its own in it.</summary>
public sealed class SharedPostgres : IAsyncLifetime
{
    readonly List<string> whyNot = [];
    PrivatePostgres? server;

    public async ValueTask InitializeAsync() =>
        server = await PrivatePostgres.TryStartAsync(new PostgresNeeds { Durable = true }, whyNot, CancellationToken.None);

    public async Task<string> CreateDatabaseAsync(CancellationToken ct)
    {
        Assert.SkipWhen(server is null, string.Join(' ', whyNot));
        var name = $"crash_{Guid.NewGuid():N}";
        await using var admin = NpgsqlDataSource.Create(server!.ConnectionString);
        await using var create = admin.CreateCommand($"CREATE DATABASE {name}");
        await create.ExecuteNonQueryAsync(ct);
        return new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = name }.ConnectionString;
    }

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
            await server.DisposeAsync();
    }
}
