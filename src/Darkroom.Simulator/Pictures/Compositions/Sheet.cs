using SkiaSharp;

namespace Darkroom.Simulator.Pictures.Compositions;

/// <summary>What a composition draws on: a canvas of a size, its colours, and the chance that varies it.</summary>
internal sealed record Sheet(SKCanvas Canvas, int Width, int Height, Palette Palette, Random Random)
{
    public float Short => Math.Min(Width, Height);

    public float Between(float low, float high) => low + (high - low) * Random.NextSingle();

    /// <summary>Fills the sheet with the palette's ground, top to bottom at a slant.</summary>
    public void Ground(bool lightAtBottom = true)
    {
        var colours = lightAtBottom ? Palette.Ground : [.. Palette.Ground.Reverse()];
        using var shader = SKShader.CreateLinearGradient(
            new SKPoint(Between(0, Width), 0), new SKPoint(Between(0, Width), Height), colours, SKShaderTileMode.Clamp);
        using var paint = new SKPaint { Shader = shader };
        Canvas.DrawRect(0, 0, Width, Height, paint);
    }

    public void Disc(float x, float y, float radius, SKColor colour)
    {
        using var paint = new SKPaint { Color = colour, IsAntialias = true };
        Canvas.DrawCircle(x, y, radius, paint);
    }

    /// <summary>A disc of light that fades to nothing at its rim.</summary>
    public void Glow(float x, float y, float radius, SKColor colour, byte strength)
    {
        using var shader = SKShader.CreateRadialGradient(
            new SKPoint(x, y), radius, [colour.WithAlpha(strength), colour.WithAlpha(0)], SKShaderTileMode.Clamp);
        using var paint = new SKPaint { Shader = shader };
        Canvas.DrawCircle(x, y, radius, paint);
    }

    public void Fill(SKPathBuilder outline, SKColor colour)
    {
        using var path = outline.Detach();
        using var paint = new SKPaint { Color = colour, IsAntialias = true };
        Canvas.DrawPath(path, paint);
    }

    public void Line(SKPathBuilder outline, SKColor colour, float width)
    {
        using var path = outline.Detach();
        using var paint = new SKPaint
        {
            Color = colour,
            IsAntialias = true,
            Style = SKPaintStyle.Stroke,
            StrokeWidth = width,
            StrokeCap = SKStrokeCap.Round,
        };
        Canvas.DrawPath(path, paint);
    }
}
