namespace Darkroom.Demo.Postgres;

/// <summary>Finds or starts a Postgres: the user's own, else Docker, else installed binaries as a private cluster.</summary>
internal static class PostgresFinder
{
    /// <exception cref="PostgresNotFoundException">There is none to be had, or the one the user named does not answer.</exception>
    public static async Task<PostgresServer> FindAsync(PostgresNeeds needs, CancellationToken cancellationToken)
    {
        var whyNot = new List<string>();
        PostgresServer? found = await OutsidePostgres.TryConnectAsync(needs, whyNot, cancellationToken);
        found ??= await DockerPostgres.TryStartAsync(needs, whyNot, cancellationToken);
        found ??= await PrivatePostgres.TryStartAsync(needs, whyNot, cancellationToken);
        return found ?? throw PostgresNotFoundException.Anywhere(whyNot);
    }
}
