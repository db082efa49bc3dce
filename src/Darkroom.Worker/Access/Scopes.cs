namespace Darkroom.Worker.Access;

/// <summary>What a key may do. A route asks for one of them: <c>.RequireAuthorization(Scopes.Read)</c>.</summary>
internal static class Scopes
{
    /// <summary>Send, cancel and retry jobs.</summary>
    public const string Submit = "submit";

    /// <summary>See jobs, pictures, usage and endpoints.</summary>
    public const string Read = "read";

    /// <summary>Everything, and what concerns more than one project: pausing endpoints, keys.</summary>
    public const string Admin = "admin";

    /// <summary><see cref="Read"/>, or a signed link instead of a key.</summary>
    public const string ReadOrLink = "read_or_link";

    /// <summary>Prometheus, by a key of its own (<c>Darkroom:Telemetry:MetricsKey</c>) or an admin key: figures are of all projects.</summary>
    public const string Metrics = "metrics";

    /// <summary><see cref="Admin"/> for pages in a browser, by HTTP Basic or a session.</summary>
    public const string Pages = "pages";

    /// <summary><see cref="Read"/> in a browser's session, which is opened on the sign-in page.</summary>
    public const string Dashboard = "dashboard";

    /// <summary><see cref="Submit"/> in a browser's session: its forms that change jobs.</summary>
    public const string DashboardChanges = "dashboard_changes";

    /// <summary><see cref="Admin"/> in a browser's session.</summary>
    public const string DashboardAdmin = "dashboard_admin";
}
