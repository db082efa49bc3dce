using Darkroom.Worker.Database;

namespace Darkroom.Worker;

/// <summary>What this process does; <c>Darkroom:Roles</c>, separated by commas. Default <c>api,worker,dashboard</c>; <c>migrate</c> stands alone.</summary>
internal sealed class Roles
{
    const string Api = "api", Worker = "worker", Dashboard = "dashboard", MigrateOnly = "migrate";

    readonly HashSet<string> names;

    Roles(HashSet<string> names) => this.names = names;

    /// <summary>Serves the HTTP API.</summary>
    public bool ServesApi => names.Contains(Api);

    /// <summary>Admits and makes calls.</summary>
    public bool MakesCalls => names.Contains(Worker);

    /// <summary>Serves the dashboard and Hangfire's pages.</summary>
    public bool ServesDashboard => names.Contains(Dashboard);

    /// <summary>Applies migrations and exits.</summary>
    public bool OnlyMigrates => names.Contains(MigrateOnly);

    /// <exception cref="StartException">A role is unknown, or there is none.</exception>
    public static Roles Read(IConfiguration configuration)
    {
        var names = (configuration["Darkroom:Roles"] ?? $"{Api},{Worker},{Dashboard}")
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var unknown = names.Except([Api, Worker, Dashboard, MigrateOnly], StringComparer.OrdinalIgnoreCase).ToList();
        if (unknown.Count > 0 || names.Count == 0 || (names.Contains(MigrateOnly) && names.Count > 1))
            throw new StartException($"Darkroom:Roles must name some of {Api}, {Worker} and {Dashboard}, or {MigrateOnly} alone, not '{configuration["Darkroom:Roles"]}'.");
        return new Roles(names);
    }
}
