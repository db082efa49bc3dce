namespace Darkroom.Worker.Database;

/// <summary>The schema as the database holds it, beside the one that this version knows. Ids of migrations sort by their time.</summary>
/// <param name="Known">The migrations of this version, in order.</param>
/// <param name="Applied">Those the database holds, in order; none where it is empty.</param>
/// <param name="ServesSince">The migration that a version must know to start, once one has taken something away; null before.</param>
internal sealed record Schema(IReadOnlyList<string> Known, IReadOnlyList<string> Applied, string? ServesSince)
{
    public IReadOnlyList<string> Lacking => [.. Known.Except(Applied)];

    /// <summary>Made by a newer version, usually while the nodes of this one are being replaced.</summary>
    public IReadOnlyList<string> Newer => [.. Applied.Except(Known)];

    /// <summary>Why this version must not use it, in words for its operator; null if it may.</summary>
    public string? Objection(bool migrates) => this switch
    {
        { Newer.Count: > 0, Lacking.Count: > 0 } =>
            $"The database's schema was made by another line of versions: it holds {List(Newer)}, which this version does not know, and lacks {List(Lacking)}. "
            + "Nothing was changed. Start the version that made it, or name another database.",
        { ServesSince: { } since } when !Known.Contains(since) =>
            $"The database's schema is too new for this version, which ends with {Known[^1]}: it serves versions that know {since}. Start a newer version.",
        { Lacking.Count: > 0 } when !migrates =>
            $"The database's schema is older than this version: it lacks {List(Lacking)}. Apply what it lacks (the role migrate does, or the SQL of "
            + $"migrate --script) and start again; or set {DatabaseSettings.Section}:MigrateAtStart to true.",
        _ => null,
    };

    static string List(IEnumerable<string> migrations) => string.Join(", ", migrations);
}
