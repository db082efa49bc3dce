using System.Net.Sockets;
using Darkroom.Demo.Postgres;
using Npgsql;
using Xunit;

namespace Darkroom.Tests.Demo;

public sealed class PrivatePostgresTests
{
    [Fact(Timeout = 60_000)]
    public async Task It_listens_on_the_loopback_alone_with_a_password_and_commits_as_stock_does()
    {
        await using var postgres = await StartAsync(TestContext.Current.CancellationToken);

        Assert.Equal("127.0.0.1", await AskAsync(postgres, "SHOW listen_addresses"));
        Assert.Equal("", await AskAsync(postgres, "SHOW unix_socket_directories"));
        Assert.Equal("on", await AskAsync(postgres, "SHOW synchronous_commit"));
        var withoutPassword = new NpgsqlConnectionStringBuilder(postgres.ConnectionString) { Password = "guess" };
        var refusal = await Assert.ThrowsAsync<PostgresException>(() => AskAsync(withoutPassword.ConnectionString, "SELECT 1"));
        Assert.Equal(PostgresErrorCodes.InvalidPassword, refusal.SqlState);
    }

    [Fact(Timeout = 60_000)]
    public async Task Disposed_it_leaves_no_server_and_no_file()
    {
        var postgres = await StartAsync(TestContext.Current.CancellationToken);
        Assert.True(Directory.Exists(postgres.Folder));

        await postgres.DisposeAsync();
        await postgres.DisposeAsync();

        Assert.False(Directory.Exists(postgres.Folder));
        await AssertNobodyListensAsync(postgres.ConnectionString);
    }

    [Fact(Timeout = 60_000)]
    public async Task Stopped_and_started_again_it_is_the_same_server_with_the_same_data()
    {
        await using var postgres = await StartAsync(TestContext.Current.CancellationToken);
        await AskAsync(postgres, "CREATE TABLE kept AS SELECT 42 AS answer");

        foreach (var immediate in (bool[])[true, false])
        {
            await postgres.StopAsync(immediate, TestContext.Current.CancellationToken);
            await AssertNobodyListensAsync(postgres.ConnectionString);
            await postgres.StartAsync(TestContext.Current.CancellationToken);
            Assert.Equal(42, await AskAsync(postgres, "SELECT answer FROM kept"));
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task A_start_that_fails_says_what_the_server_said()
    {
        await using var postgres = await StartAsync(TestContext.Current.CancellationToken);

        // It is running, and its data can have one server only.
        var failure = await Assert.ThrowsAsync<PostgresCommandException>(() => postgres.StartAsync(TestContext.Current.CancellationToken));

        Assert.Contains("another server", failure.Message, StringComparison.Ordinal);
    }

    [Theory(Timeout = 60_000)]
    [InlineData(Death.Killed)]
    [InlineData(Death.KilledWithItsChildren)]
    [InlineData(Death.KilledWithItsProcessGroup)]
    public async Task It_ends_with_its_owner_however_that_ends(Death death)
    {
        using var owner = await PostgresOwner.StartAsync(user: null, TestContext.Current.CancellationToken);
        await AssertEndsWithAsync(owner, death, TestContext.Current.CancellationToken);
    }

    [Fact(Timeout = 60_000)]
    public async Task An_ordinary_user_gets_one_too()
    {
        var user = Environment.IsPrivilegedProcess ? "nobody" : null;
        Assert.SkipUnless(PostgresOwner.MayRun(user), "These files are not for every user to read.");

        using var owner = await PostgresOwner.StartAsync(user, TestContext.Current.CancellationToken);

        Assert.Equal("on", await AskAsync(owner.ConnectionString, "SHOW synchronous_commit"));
        await AssertEndsWithAsync(owner, Death.Killed, TestContext.Current.CancellationToken);
    }

    [Fact(Timeout = 60_000)]
    public async Task Ctrl_C_reaches_the_owner_and_not_the_server()
    {
        using var owner = await PostgresOwner.StartAsync(user: null, TestContext.Current.CancellationToken);

        owner.SignalProcessGroup("INT");

        Assert.Equal("answers", await owner.SaysAsync(TestContext.Current.CancellationToken));
        await AssertEndsWithAsync(owner, Death.Killed, TestContext.Current.CancellationToken);
    }

    static async Task<PrivatePostgres> StartAsync(CancellationToken cancellationToken)
    {
        var whyNot = new List<string>();
        var postgres = await PrivatePostgres.TryStartAsync(new PostgresNeeds(), whyNot, cancellationToken);
        return postgres ?? throw new InvalidOperationException(string.Join('\n', whyNot));
    }

    static Task<object?> AskAsync(PostgresServer postgres, string sql) => AskAsync(postgres.ConnectionString, sql);

    static async Task<object?> AskAsync(string connectionString, string sql)
    {
        await using var dataSource = NpgsqlDataSource.Create(connectionString);
        await using var command = dataSource.CreateCommand(sql);
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
    }

    static async Task AssertEndsWithAsync(PostgresOwner owner, Death death, CancellationToken cancellationToken)
    {
        Assert.True(Directory.Exists(owner.Folder));
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var watch = new FileSystemWatcher(Path.GetDirectoryName(owner.Folder)!, Path.GetFileName(owner.Folder));
        watch.Deleted += (_, _) => gone.TrySetResult();
        watch.EnableRaisingEvents = true;

        switch (death)
        {
            case Death.KilledWithItsProcessGroup:
                owner.SignalProcessGroup("KILL");
                break;
            default:
                owner.Kill(entireProcessTree: death is Death.KilledWithItsChildren);
                break;
        }

        await gone.Task.WaitAsync(cancellationToken);
        await AssertNobodyListensAsync(owner.ConnectionString);
    }

    static async Task AssertNobodyListensAsync(string connectionString)
    {
        using var socket = new TcpClient();
        var address = new NpgsqlConnectionStringBuilder(connectionString);
        var refusal = await Assert.ThrowsAsync<SocketException>(() => socket.ConnectAsync(address.Host!, address.Port));
        Assert.Equal(SocketError.ConnectionRefused, refusal.SocketErrorCode);
    }

    public enum Death
    {
        Killed,
        KilledWithItsChildren,
        KilledWithItsProcessGroup,
    }
}
