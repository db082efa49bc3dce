using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.Metadata;

namespace Darkroom.Worker.Files;

/// <summary>The parts of an upload, for the description of the API.</summary>
internal sealed record UploadForm
{
    /// <summary>The bytes, with a file name.</summary>
    public required IFormFile File { get; init; }

    /// <summary><c>batch</c>.</summary>
    public required string Purpose { get; init; }

    /// <summary><c>created_at</c>; only with the seconds. Without both, the file is kept until it is deleted.</summary>
    [JsonPropertyName("expires_after[anchor]")]
    public string? ExpiresAfterAnchor { get; init; }

    /// <summary>3600 (an hour) to 2592000 (30 days).</summary>
    [JsonPropertyName("expires_after[seconds]")]
    public string? ExpiresAfterSeconds { get; init; }
}

/// <summary>The server's own limit does not count for uploads: the reader has one of its own, and says so in words.</summary>
internal sealed class AnyLength : IRequestSizeLimitMetadata
{
    public long? MaxRequestBodySize => null;
}
