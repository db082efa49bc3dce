namespace Darkroom.Migrations.Rows;

/// <summary>One good picture of a job's result, in the order of the answer's <c>data</c>.</summary>
public sealed class Image
{
    public Guid JobId { get; init; }
    public int Index { get; init; }

    /// <summary>The attempt that brought it, which is part of its storage key.</summary>
    public Guid AttemptId { get; init; }

    /// <summary>File ending without the dot: <c>png</c>, <c>webp</c> or <c>jpg</c>.</summary>
    public required string Extension { get; init; }
    public required string ContentType { get; init; }
    public long Bytes { get; init; }
    public required byte[] Sha256 { get; init; }

    /// <summary>CRC-32 as ZIP archives use it, so that an archive can be written without reading pictures twice.</summary>
    public long Crc32 { get; init; }
    public int Width { get; init; }
    public int Height { get; init; }
}
