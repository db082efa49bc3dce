using System.Security.Cryptography;
using Darkroom.Client;

namespace Darkroom.Cli.Downloading;

/// <summary>What became of one picture here.</summary>
internal enum PictureResult { Fetched, AlreadyHere, Failed }

/// <summary>
/// Fetches one picture. It has its name only when it is whole and its checksum right; until then it is <c>.partial</c>, and a later download
/// goes on where this one broke off.
/// </summary>
internal sealed class PictureFile(DarkroomClient darkroom, Job job, JobImage image, string path)
{
    const string Unfinished = ".partial";
    const int Tries = 3;

    /// <param name="advance">Called with bytes as they come.</param>
    public async Task<(PictureResult Result, string? Problem)> FetchAsync(Action<long> advance, CancellationToken ct)
    {
        if (await IsRightAsync(path, ct))
        {
            advance(image.Bytes);
            return (PictureResult.AlreadyHere, null);
        }
        for (var tries = 1; ; tries++)
        {
            try
            {
                await CompleteAsync(advance, ct);
                if (await IsRightAsync(path + Unfinished, ct))
                {
                    File.Move(path + Unfinished, path, overwrite: true);
                    return (PictureResult.Fetched, null);
                }
                File.Delete(path + Unfinished);
                if (tries == Tries)
                    return (PictureResult.Failed, "its checksum is wrong");
            }
            catch (Exception e) when (e is HttpRequestException or HttpIOException or DarkroomException)
            {
                // Any other IOException is the disk's, which the pictures behind this one would meet as well.
                if (tries == Tries || e is DarkroomException { Status: < System.Net.HttpStatusCode.InternalServerError })
                    return (PictureResult.Failed, e.Message);
                await Task.Delay(TimeSpan.FromSeconds(tries), ct);
            }
        }
    }

    async Task CompleteAsync(Action<long> advance, CancellationToken ct)
    {
        var part = new FileInfo(path + Unfinished);
        var begun = part.Exists && part.Length <= image.Bytes ? part.Length : 0;
        if (begun > 0 && begun == image.Bytes)
            return;
        await using var picture = await darkroom.OpenImageAsync(job.Id, image.Index, begun, ct);
        await using var file = new FileStream(path + Unfinished, begun > 0 ? FileMode.Append : FileMode.Create, FileAccess.Write, FileShare.None);
        var buffer = new byte[64 * 1024];
        for (int read; (read = await picture.ReadAsync(buffer, ct)) > 0; advance(read))
            await file.WriteAsync(buffer.AsMemory(0, read), ct);
    }

    async Task<bool> IsRightAsync(string candidate, CancellationToken ct)
    {
        var file = new FileInfo(candidate);
        if (!file.Exists || file.Length != image.Bytes)
            return false;
        await using var content = file.OpenRead();
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(content, ct)) == image.Sha256;
    }
}
