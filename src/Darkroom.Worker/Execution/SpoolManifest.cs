using System.Text.Json;
using System.Text.Json.Serialization;
using Darkroom.Worker.Decoding;
using Darkroom.Worker.Endpoint;
using Darkroom.Worker.Jobs;

namespace Darkroom.Worker.Execution;

/// <summary>
/// A paid answer, whole, beside its pictures in the spool. Written last and fsynced: where it exists, everything it names does.
/// Any node can finish the job from it, without the process that wrote it.
/// </summary>
internal sealed record SpoolManifest(
    Guid AttemptId, Guid JobId, Guid ProjectId, string Model, AnswerFacts Facts,
    DateTimeOffset? Created, string? OutputFormat, string? Quality, string? Size, bool Partial, IReadOnlyList<SpooledPicture> Pictures,
    string? Endpoint = null, string? TraceParent = null)
{
    [JsonIgnore]
    public string? Usage => Facts.Usage;

    [JsonIgnore]
    public long Bytes => Pictures.Sum(p => p.Bytes);

    public static SpoolManifest Of(ClaimedJob job, CallOutcome.Answered answer)
    {
        var body = answer.Body;
        SpooledPicture[] good =
        [
            .. body.Pictures.Where(p => p.Fault is null).Select(p => new SpooledPicture(
                p.Index, p.Format!, p.Bytes, p.Sha256, p.Crc32, p.Width, p.Height)),
        ];
        return new SpoolManifest(
            job.AttemptId, job.JobId, job.ProjectId, job.Model, new AnswerFacts(answer.HttpStatus, answer.RequestId, body.UsageJson),
            Instant(body.Created), body.OutputFormat, body.Quality, body.Size, Partial: good.Length < Math.Max(job.N, body.Pictures.Count), good,
            job.Endpoint, job.TraceParent);
    }

    // A figure outside the calendar is the endpoint's mistake and no reason to lose pictures.
    static DateTimeOffset? Instant(long? unixSeconds) =>
        unixSeconds is >= 0 and <= 253402300799 ? DateTimeOffset.FromUnixTimeSeconds(unixSeconds.Value) : null;

    /// <returns>Null where the file is not a manifest.</returns>
    public static SpoolManifest? Read(byte[] json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, SpoolJson.Default.SpoolManifest);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this, SpoolJson.Default.SpoolManifest);
}

/// <param name="Index">Its place in the answer's <c>data</c>.</param>
internal sealed record SpooledPicture(int Index, PictureFormat Format, long Bytes, byte[] Sha256, uint Crc32, int Width, int Height);

[JsonSerializable(typeof(SpoolManifest))]
internal sealed partial class SpoolJson : JsonSerializerContext;
