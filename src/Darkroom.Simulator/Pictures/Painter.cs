using Darkroom.Simulator.Pictures.Compositions;
using SkiaSharp;

namespace Darkroom.Simulator.Pictures;

/// <summary>Draws the picture of a number: always the same one for the same number, and few alike.</summary>
internal static class Painter
{
    private static readonly Action<Sheet>[] Compositions =
    [
        Landscapes.Hills, Geometry.Tiles, Organic.Ribbons, Geometry.Orbits,
        Organic.Petals, Geometry.Facets, Landscapes.Waves, Organic.Lights,
    ];

    /// <param name="caption">Written over the foot of the picture where there is a font; empty for none.</param>
    public static byte[] Paint(int variant, int width, int height, OutputFormat format, string caption)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        using (var canvas = new SKCanvas(bitmap))
        {
            // Strides without common factors with the lengths: neighbours differ in composition and colours at once.
            var palette = Palette.All[(int)((uint)(variant * 5 + variant / Compositions.Length) % Palette.All.Count)];
            var composition = Compositions[(uint)variant % Compositions.Length];
            composition(new Sheet(canvas, width, height, palette, new Random(variant)));
            Caption.Draw(canvas, width, height, caption);
        }
        using var pixels = bitmap.PeekPixels();
        using var encoded = format switch
        {
            OutputFormat.Jpeg => pixels.Encode(new SKJpegEncoderOptions(88)),
            OutputFormat.Webp => pixels.Encode(new SKWebpEncoderOptions(SKWebpEncoderCompression.Lossy, 80)),
            // The cheapest settings: padding makes up the size anyway.
            _ => pixels.Encode(new SKPngEncoderOptions(SKPngEncoderFilterFlags.Sub, 1)),
        };
        return encoded!.ToArray();
    }
}
