using System.Runtime.InteropServices;
using Darkroom.Demo.Postgres;
using Npgsql;

/// <summary>
/// A process that owns a private Postgres until it is killed, without a line in the product for it: .NET calls this before the
/// <c>Main</c> of a program started with <c>DOTNET_STARTUP_HOOKS</c> set to this assembly (its name and signature are .NET's).
/// </summary>
internal static class StartupHook
{
    /// <summary>Says the cluster's folder and connection string; at every SIGINT, whether the server still answers.</summary>
    public static void Initialize()
    {
        var needs = new PostgresNeeds { ConnectionString = null, DockerEngine = new Uri("tcp://127.0.0.1:1") };
        var postgres = (PrivatePostgres)PostgresFinder.FindAsync(needs, CancellationToken.None).GetAwaiter().GetResult();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal =>
        {
            signal.Cancel = true;
            Console.WriteLine(Answers(postgres.ConnectionString));
        });
        Console.WriteLine(postgres.Folder);
        Console.WriteLine(postgres.ConnectionString);
        Thread.Sleep(Timeout.Infinite);
    }

    static string Answers(string connectionString)
    {
        using var dataSource = NpgsqlDataSource.Create(connectionString);
        using var command = dataSource.CreateCommand("SELECT 'answers'");
        return (string)command.ExecuteScalar()!;
    }
}
