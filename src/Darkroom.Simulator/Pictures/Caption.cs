using System.Text.RegularExpressions;
using SkiaSharp;

namespace Darkroom.Simulator.Pictures;

/// <summary>The prompt, written over the foot of its picture; left out where the machine has no font.</summary>
internal static partial class Caption
{
    private const int Lines = 2;

    private static readonly Lazy<SKTypeface?> Typeface = new(FindTypeface);

    /// <summary>The words of a prompt without its directives.</summary>
    public static string Of(string prompt) => Spaces().Replace(Directives().Replace(prompt, " "), " ").Trim();

    public static void Draw(SKCanvas canvas, int width, int height, string caption)
    {
        if (caption.Length == 0 || Typeface.Value is not { } typeface)
            return;
        using var font = new SKFont(typeface, Math.Min(width, height) / 28f);
        var margin = font.Size * 1.2f;
        var lines = Wrap(caption, font, width - 2 * margin);
        var top = height - margin * 1.4f - lines.Count * font.Spacing;
        using var fade = SKShader.CreateLinearGradient(new SKPoint(0, top - font.Size * 3), new SKPoint(0, height),
            [SKColors.Black.WithAlpha(0), SKColors.Black.WithAlpha(190)], SKShaderTileMode.Clamp);
        using var band = new SKPaint { Shader = fade };
        canvas.DrawRect(0, top - font.Size * 3, width, height, band);
        using var ink = new SKPaint { Color = SKColors.White.WithAlpha(235), IsAntialias = true };
        for (var line = 0; line < lines.Count; line++)
            canvas.DrawText(lines[line], margin, top + (line + 1) * font.Spacing, SKTextAlign.Left, font, ink);
    }

    private static List<string> Wrap(string text, SKFont font, float width)
    {
        var lines = new List<string> { "" };
        foreach (var word in text.Split(' '))
        {
            var longer = lines[^1].Length == 0 ? word : $"{lines[^1]} {word}";
            if (font.MeasureText(longer) <= width || lines[^1].Length == 0)
                lines[^1] = longer;
            else if (lines.Count < Lines)
                lines.Add(word);
            else
            {
                lines[^1] += "…";
                break;
            }
        }
        return lines;
    }

    // On Linux this build of Skia knows no installed fonts, only files.
    private static SKTypeface? FindTypeface() => SKTypeface.Default is { GlyphCount: > 0 } known
        ? known
        : FontFiles.Where(File.Exists).Select(file => SKTypeface.FromFile(file)).FirstOrDefault(typeface => typeface is not null);

    private static readonly string[] FontFiles =
    [
        "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
        "/usr/share/fonts/dejavu/DejaVuSans.ttf",
        "/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf",
        "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf",
    ];

    [GeneratedRegex(@"\[\[[^\]]*\]\]")]
    private static partial Regex Directives();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
