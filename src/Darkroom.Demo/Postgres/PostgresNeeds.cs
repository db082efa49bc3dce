namespace Darkroom.Demo.Postgres;

/// <summary>What the caller wants of a Postgres, and where <see cref="PostgresFinder"/> may look for one.</summary>
internal sealed record PostgresNeeds
{
    public const string Variable = "ConnectionStrings__Darkroom";

    /// <summary>A Postgres of the user's own. Default: the environment's <c>ConnectionStrings__Darkroom</c>; blank to look further.</summary>
    public string? ConnectionString { get; init; } = Environment.GetEnvironmentVariable(Variable);

    /// <summary>The Docker engine to ask. Default null: the one Testcontainers finds (DOCKER_HOST, the Docker context, the usual sockets).</summary>
    public Uri? DockerEngine { get; init; }

    /// <summary>Folders that may hold a server's <c>initdb</c>, <c>pg_ctl</c> and <c>postgres</c>, the best first.</summary>
    public IEnumerable<string> BinaryFolders { get; init; } = InstalledBinaries.Folders();

    /// <summary>
    /// Whether a server we start keeps stock durability. Default false: it is thrown away at the end, so that only a crash of the whole
    /// machine could lose something, and commits need not wait for the disk. True for figures that others are to believe.
    /// </summary>
    public bool Durable { get; init; }

    /// <summary>Server settings that differ from stock. 300 connections: a node at full slots, its Hangfire and a test run beside it.</summary>
    public IReadOnlyList<string> ServerSettings =>
        Durable ? ["max_connections=300"] : ["max_connections=300", "fsync=off", "full_page_writes=off"];
}
