namespace Darkroom.Simulator.Pictures;

/// <summary>
/// The bytes of one picture, in parts: the drawing, which many pictures share, and padding, which all of them share.
/// So a thousand answers under way hold a thousand lists, not a thousand pictures.
/// </summary>
internal sealed record Picture(OutputFormat Format, IReadOnlyList<ReadOnlyMemory<byte>> Parts)
{
    public long Length { get; } = Parts.Sum(part => (long)part.Length);

    public byte[] ToArray() => [.. Parts.SelectMany(part => part.ToArray())];
}
