using System.Text.Json;
using System.Text.Json.Serialization;
using Darkroom.Client;

namespace Darkroom.Cli;

/// <summary>What the command itself tells programs, beside the API's own objects.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(CheckReport))]
[JsonSerializable(typeof(DownloadReport))]
[JsonSerializable(typeof(Failure))]
internal sealed partial class CliJson : JsonSerializerContext
{
    /// <summary>As the API's own objects are written: letters and quotes as they are.</summary>
    public static CliJson Lines { get; } = new(new JsonSerializerOptions(DarkroomJson.Answers.Options));
}

/// <summary>Of <c>submit --check</c>.</summary>
internal sealed record CheckReport(string File, int Requests);

/// <summary>Of <c>download</c>.</summary>
/// <param name="WithoutPictures">Jobs that have none, or none yet.</param>
internal sealed record DownloadReport(string Folder, int Fetched, int AlreadyHere, int Failed, int WithoutPictures);

/// <summary>The API's error shape.</summary>
/// <param name="Submission">Absent where nothing is left open.</param>
internal sealed record Failure(
    ErrorDetail Error, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] OpenSubmission? Submission);

/// <summary>What is known of a submission that broke off before its end was known.</summary>
/// <param name="BatchId">Null where it is not known whether there is one.</param>
/// <param name="FileId">What was uploaded for it.</param>
/// <param name="IdempotencyKey">Sent again with it, it stays one purchase.</param>
/// <param name="Hint">How to find out, for a person.</param>
internal sealed record OpenSubmission(string? BatchId, string? FileId, string? IdempotencyKey, string Hint);
