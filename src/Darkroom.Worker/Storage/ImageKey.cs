using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Darkroom.Worker.Api;
using Darkroom.Worker.Decoding;

namespace Darkroom.Worker.Storage;

/// <summary>
/// One picture: <c>{project}/{job}/{attempt}/{index}.{extension}</c>, ids as 32 lowercase hex digits. The attempt is part of the
/// key, so two paid calls never compete for one name and what a key names never changes.
/// </summary>
internal sealed record ImageKey : StoreKey
{
    public const int MaxIndex = 99;

    private static readonly PictureFormat[] Formats = [PictureFormat.Png, PictureFormat.WebP, PictureFormat.Jpeg];

    private readonly PictureFormat _format;

    /// <param name="project">The project that owns the job.</param>
    /// <param name="job">The job.</param>
    /// <param name="attempt">The attempt whose answer held the picture.</param>
    /// <param name="index">The picture's place in the answer's <c>data</c>, 0 to 99.</param>
    /// <param name="extension"><c>png</c>, <c>webp</c> or <c>jpg</c>, as <see cref="PictureFormat.Extension"/> and the image's row have it.</param>
    /// <exception cref="ArgumentOutOfRangeException">The index or extension is none of these.</exception>
    public ImageKey(Guid project, Guid job, Guid attempt, int index, string extension)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(index, MaxIndex);
        _format = Array.Find(Formats, format => format.Extension == extension) ?? throw new ArgumentOutOfRangeException(nameof(extension));
        (Project, Job, Attempt, Index) = (project, job, attempt, index);
    }

    public Guid Project { get; }

    public Guid Job { get; }

    public Guid Attempt { get; }

    public int Index { get; }

    public override string Path => string.Create(CultureInfo.InvariantCulture, $"{Project:N}/{Job:N}/{Attempt:N}/{Index}.{_format.Extension}");

    public override string ContentType => _format.ContentType;

    public override IReadOnlyDictionary<string, string> Labels => new Dictionary<string, string> { ["job_id"] = WireId.Job.Format(Job) };

    /// <summary>Reads a path back; true only for exactly the text that <see cref="Path"/> gives.</summary>
    public static bool TryParse([NotNullWhen(true)] string? path, [NotNullWhen(true)] out ImageKey? key)
    {
        key = null;
        if (path?.Split('/') is not [var project, var job, var attempt, var file] ||
            file.Split('.') is not [var number, var extension] ||
            !Guid.TryParseExact(project, "N", out var projectId) ||
            !Guid.TryParseExact(job, "N", out var jobId) ||
            !Guid.TryParseExact(attempt, "N", out var attemptId) ||
            !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var index) || index > MaxIndex ||
            !Array.Exists(Formats, format => format.Extension == extension))
        {
            return false;
        }

        // The parsers above forgive capitals, spaces and leading zeros; one object must not have two names.
        var candidate = new ImageKey(projectId, jobId, attemptId, index, extension);
        key = candidate.Path == path ? candidate : null;
        return key is not null;
    }
}
