using System.Text.Json.Serialization;

namespace Darkroom.Client;

/// <summary>A file as OpenAI's API tells it: the lines of a batch, or what became of them. Times are Unix seconds.</summary>
public sealed record StoredFile
{
    /// <summary><c>file-</c> and 32 hexadecimal digits.</summary>
    public required string Id { get; init; }

    /// <summary>Always <c>file</c>.</summary>
    public string Object { get; init; } = "file";
    public required long Bytes { get; init; }
    public required long CreatedAt { get; init; }

    /// <summary>When the file is removed; null where it is kept until it is deleted.</summary>
    public long? ExpiresAt { get; init; }
    public required string Filename { get; init; }

    /// <summary><c>batch</c> (uploaded) or <c>batch_output</c> (written by Darkroom: results and errors).</summary>
    public required string Purpose { get; init; }

    /// <summary>Always <c>processed</c>: a file is answered once it is whole and durable.</summary>
    public string Status { get; init; } = "processed";

    /// <summary>Always null; here because OpenAI's clients know the field.</summary>
    public string? StatusDetails { get; init; }
}

/// <summary>The answer to deleting a file.</summary>
public sealed record DeletedFile(string Id, bool Deleted)
{
    /// <summary>Always <c>file</c>.</summary>
    [JsonPropertyOrder(-1)]
    public string Object { get; init; } = "file";
}
