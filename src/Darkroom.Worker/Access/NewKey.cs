namespace Darkroom.Worker.Access;

/// <summary>A key that an administrator asks for.</summary>
internal sealed record NewKey(Guid ProjectId, string Name, string[] Scopes)
{
    public const int LongestName = 100, HighestRate = 1_000_000, LeastBodyLimit = 1024;

    /// <summary>Null for never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Null for the default of the options; so is the next.</summary>
    public int? RequestsPerMinute { get; init; }
    public long? MaxBodyBytes { get; init; }

    /// <summary>All that is wrong with it as it stands, in the order of its fields.</summary>
    public IEnumerable<KeyRefusal> Judge(DateTimeOffset now)
    {
        if (!IsName(Name))
            yield return KeyRefusal.BadName;
        if (Scopes is [] || Scopes.Except([Access.Scopes.Submit, Access.Scopes.Read, Access.Scopes.Admin]).Any())
            yield return KeyRefusal.NoScope;
        if (ExpiresAt <= now)
            yield return KeyRefusal.Expired;
        if (RequestsPerMinute is { } rate && !IsRate(rate))
            yield return KeyRefusal.BadRate;
        if (MaxBodyBytes is { } bytes && !IsBodyLimit(bytes))
            yield return KeyRefusal.BadBodyLimit;
    }

    public static bool IsName(string name) => name.Length is > 0 and <= LongestName && !name.Any(char.IsControl);

    public static bool IsRate(int requests) => requests is >= 1 and <= HighestRate;

    public static bool IsBodyLimit(long bytes) => bytes >= LeastBodyLimit;
}

/// <summary>Why a project or key was not made.</summary>
internal enum KeyRefusal { None, BadName, NameTaken, NoProject, NoScope, Expired, BadRate, BadBodyLimit }

internal static class KeyRefusals
{
    /// <summary>The field at fault, and what it must be.</summary>
    public static (string Field, string Rule) Words(this KeyRefusal refusal) => refusal switch
    {
        KeyRefusal.BadName => ("name", $"must have 1 to {NewKey.LongestName} characters on one line"),
        KeyRefusal.NameTaken => ("name", "is taken by another project"),
        KeyRefusal.NoProject => ("project_id", "is no project"),
        KeyRefusal.NoScope => ("scopes", $"must be some of {Scopes.Submit}, {Scopes.Read} and {Scopes.Admin}"),
        KeyRefusal.Expired => ("expires_at", "must be in the future"),
        KeyRefusal.BadRate => ("requests_per_minute", $"must be 1 to {NewKey.HighestRate}"),
        KeyRefusal.BadBodyLimit => ("max_body_bytes", $"must be {NewKey.LeastBodyLimit} or more"),
        _ => throw new ArgumentOutOfRangeException(nameof(refusal)),
    };
}
