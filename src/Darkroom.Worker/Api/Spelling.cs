namespace Darkroom.Worker.Api;

/// <summary>Guesses what a misspelt name was meant to be.</summary>
internal static class Spelling
{
    /// <summary>" (did you mean 'x'?)", or nothing where no name is near: more than a third of the letters off is another word.</summary>
    public static string Suggest(string name, IEnumerable<string> known)
    {
        const int LongestWorthComparing = 64;
        if (name.Length is 0 or > LongestWorthComparing)
        {
            return "";
        }
        var nearest = known.Select(k => (Name: k, Off: Distance(name.ToLowerInvariant(), k))).OrderBy(k => k.Off).FirstOrDefault();
        return nearest.Name is not null && nearest.Off * 3 <= nearest.Name.Length ? $" (did you mean '{nearest.Name}'?)" : "";
    }

    /// <summary>Levenshtein's distance: letters inserted, dropped or changed.</summary>
    static int Distance(string from, string to)
    {
        var row = Enumerable.Range(0, to.Length + 1).ToArray();
        for (var i = 1; i <= from.Length; i++)
        {
            var diagonal = row[0]++;
            for (var j = 1; j <= to.Length; j++)
            {
                var changed = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(changed, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[^1];
    }
}
