using Darkroom.Client;

namespace Darkroom.Cli.Downloading;

/// <summary>
/// Names pictures by their job's custom id. The same jobs in the same order get the same names, so that a download is taken up again; no two
/// pictures share one, also where letter case does not count.
/// </summary>
internal sealed class FileNames
{
    const int Longest = 100;

    static readonly string[] NoFiles = ["con", "prn", "aux", "nul", .. Enumerable.Range(1, 9).SelectMany(i => new[] { $"com{i}", $"lpt{i}" })];

    readonly HashSet<string> taken = new(StringComparer.OrdinalIgnoreCase);

    /// <returns>The name of each of the job's pictures.</returns>
    public IReadOnlyList<string> Of(Job job)
    {
        var name = Safe(job.CustomId ?? job.Id);
        if (!taken.Add(name))
            name = $"{name[..Math.Min(name.Length, Longest - job.Id.Length)]}-{job.Id}";
        return [.. job.Images.Select(image => $"{name}-{image.Index}.{Extension(image.ContentType)}")];
    }

    /// <summary>A custom id comes from anywhere; a name made of it stays in its folder, on every system.</summary>
    static string Safe(string customId)
    {
        var name = string.Concat(customId.Take(Longest).Select(c => char.IsLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '_'));
        name = name.TrimStart('.').TrimEnd('.');
        return name.Length == 0 || NoFiles.Contains(name.Split('.')[0], StringComparer.OrdinalIgnoreCase) ? "_" + name : name;
    }

    static string Extension(string contentType) => contentType switch
    {
        "image/jpeg" => "jpg",
        "image/png" => "png",
        "image/webp" => "webp",
        _ => "bin",
    };
}
