using System.Collections.Concurrent;
using Darkroom.Simulator.Contract;

namespace Darkroom.Simulator.Pictures;

/// <summary>
/// The pictures of a prompt. Drawings are pure functions of their key and dear (0.1 s of CPU), so they are kept for the
/// whole process, up to a limit.
/// </summary>
internal static class Gallery
{
    private const int KeptDrawings = 256;

    private static readonly ConcurrentDictionary<Key, Lazy<Task<byte[]>>> Drawings = new();

    public static async Task<Picture> PictureAsync(GenerationRequest request, int index, OutputFormat format, SimulatorOptions options)
    {
        var seed = request.PromptSeed + (uint)index * 2_654_435_761;
        var key = options.DistinctPictures == 0
            ? new Key((int)(seed >> 1), request.Size, format, Caption.Of(request.Prompt))
            : new Key((int)(seed % (uint)options.DistinctPictures), request.Size, format, Caption: "");
        var drawing = await DrawingAsync(key);
        return Padding.Pad(drawing, format, TargetLength(request.Size, format, seed, options), $"{request.PromptHash[..24]}{index:x8}");
    }

    /// <summary>A picture of another size than was asked for.</summary>
    public static Picture Misfit(OutputFormat format) => new(format, [Painter.Paint(7, 512, 512, format, "")]);

    /// <summary>A thousand calls may wait for one drawing; none of them holds a thread.</summary>
    private static Task<byte[]> DrawingAsync(Key key)
    {
        if (Drawings.Count >= KeptDrawings)
            Drawings.Clear();
        var (width, height) = Dimensions(key.Size);
        byte[] Paint() => Painter.Paint(key.Variant, width, height, key.Format, key.Caption);
        return Drawings.GetOrAdd(key, new Lazy<Task<byte[]>>(() => Task.Run(Paint))).Value;
    }

    private static long TargetLength(string size, OutputFormat format, uint seed, SimulatorOptions options)
    {
        var (width, height) = Dimensions(size);
        var share = seed / (double)uint.MaxValue;
        var square = options.MinPictureBytes + (options.MaxPictureBytes - options.MinPictureBytes) * share;
        return (long)(square * width * height / (1024 * 1024) / (format == OutputFormat.Png ? 1 : 4));
    }

    private static (int Width, int Height) Dimensions(string size)
    {
        var sides = size.Split('x');
        return (int.Parse(sides[0]), int.Parse(sides[1]));
    }

    private sealed record Key(int Variant, string Size, OutputFormat Format, string Caption);
}
