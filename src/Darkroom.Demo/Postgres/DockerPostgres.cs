using System.Security.Cryptography;
using DotNet.Testcontainers.Configurations;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Testcontainers.PostgreSql;

namespace Darkroom.Demo.Postgres;

/// <summary>A throw-away container. Testcontainers' own reaper removes it if this process is killed.</summary>
internal sealed class DockerPostgres : PostgresServer
{
    public const string Image = "postgres:17";

    /// <summary>An engine on this machine answers in milliseconds; one that does not must not hold up the search.</summary>
    static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(3);

    /// <summary>Room for pulling the image over a slow line; a registry that cannot be reached ends in the next kind of server.</summary>
    static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(5);

    readonly PostgreSqlContainer container;

    DockerPostgres(PostgreSqlContainer container)
        : base(new NpgsqlConnectionStringBuilder(container.GetConnectionString()), $"Docker ({Image})") => this.container = container;

    public static async Task<DockerPostgres?> TryStartAsync(
        PostgresNeeds needs, ICollection<string> whyNot, CancellationToken cancellationToken)
    {
        // Whatever an engine, its registry or its image does wrong means only that Docker is not the way here.
        try
        {
            // On a thread of its own, because the library looks for the engine synchronously and without a limit.
            var engine = await Task.Run(() => FindEngineAsync(needs.DockerEngine), cancellationToken)
                .WaitAsync(AnswerLimit, cancellationToken);
            return engine is null ? NotHere("no engine answers.") : await StartAsync(engine, needs, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            return NotHere(e is TimeoutException or OperationCanceledException ? "the engine is too slow to answer." : FirstLine(e.Message));
        }

        DockerPostgres? NotHere(string reason)
        {
            whyNot.Add($"Docker: {reason}");
            return null;
        }
    }

    static async Task<IDockerEndpointAuthenticationConfiguration?> FindEngineAsync(Uri? endpoint)
    {
        var engine = endpoint is null
            ? TestcontainersSettings.OS.DockerEndpointAuthConfig
            : new DockerEndpointAuthenticationConfiguration(endpoint);
        if (engine is not null)
        {
            using var client = engine.GetDockerClientBuilder().Build();
            await client.System.PingAsync();
        }

        return engine;
    }

    static async Task<DockerPostgres> StartAsync(
        IDockerEndpointAuthenticationConfiguration engine, PostgresNeeds needs, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(StartLimit);
        // Testcontainers turns durability off by default; the later of two settings wins.
        string[] settings = ["synchronous_commit=on", "fsync=on", "full_page_writes=on", .. needs.ServerSettings];
        var builder = new PostgreSqlBuilder(Image)
            .WithDockerEndpoint(engine)
            .WithPassword(RandomNumberGenerator.GetHexString(32))
            .WithCommand([.. settings.SelectMany(setting => new[] { "-c", setting })])
            .WithLogger(NullLogger.Instance);
        // Tests make hundreds of databases, each a copy of all files of another: in memory, not in a container's file system.
        var container = (needs.Durable ? builder : builder.WithTmpfsMount("/var/lib/postgresql/data")).Build();
        try
        {
            await container.StartAsync(limit.Token);
            return new DockerPostgres(container);
        }
        catch
        {
            await container.DisposeAsync();
            throw;
        }
    }

    static string FirstLine(string text) => text.ReplaceLineEndings("\n").Split('\n')[0];

    public override ValueTask DisposeAsync() => container.DisposeAsync();
}
