using System.Text.Json.Serialization;

namespace Darkroom.Cli;

/// <summary>What the command itself tells programs, beside the API's own objects.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(CheckReport))]
[JsonSerializable(typeof(DownloadReport))]
internal sealed partial class CliJson : JsonSerializerContext;

/// <summary>Of <c>submit --check</c>.</summary>
internal sealed record CheckReport(string File, int Requests);

/// <summary>Of <c>download</c>.</summary>
/// <param name="WithoutPictures">Jobs that have none, or none yet.</param>
internal sealed record DownloadReport(string Folder, int Fetched, int AlreadyHere, int Failed, int WithoutPictures);
