using SkiaSharp;

namespace Darkroom.Simulator.Pictures.Compositions;

internal static class Organic
{
    /// <summary>Ribbons flowing across, each over the one before.</summary>
    public static void Ribbons(Sheet sheet)
    {
        sheet.Ground(lightAtBottom: false);
        var tilt = sheet.Between(-0.35f, 0.35f) * sheet.Height;
        for (var ribbon = 0; ribbon < 9; ribbon++)
        {
            var y = (ribbon + 0.5f) / 9 * sheet.Height * 1.2f - 0.1f * sheet.Height;
            var (rise, fall) = (sheet.Between(-0.3f, 0.3f) * sheet.Height, sheet.Between(-0.3f, 0.3f) * sheet.Height);
            using var path = new SKPathBuilder();
            path.MoveTo(-60, y - tilt);
            path.CubicTo(sheet.Width * 0.33f, y + rise, sheet.Width * 0.66f, y + fall, sheet.Width + 60, y + tilt);
            var colour = Palette.Mix(sheet.Palette.Shade(ribbon / 8f), sheet.Palette.Accents[ribbon % sheet.Palette.Accents.Length], 0.7f);
            sheet.Line(path, colour.WithAlpha(225), sheet.Between(0.03f, 0.11f) * sheet.Short);
        }
    }

    /// <summary>A flower seen from above: rings of petals, each turned against the last.</summary>
    public static void Petals(Sheet sheet)
    {
        sheet.Ground();
        var (x, y) = (sheet.Width / 2f, sheet.Height / 2f);
        var petals = sheet.Random.Next(7, 14);
        sheet.Glow(x, y, sheet.Short * 0.62f, sheet.Palette.Accents[2], 110);
        for (var ring = 5; ring >= 1; ring--)
        {
            var length = sheet.Short * (0.06f + 0.078f * ring);
            var colour = Palette.Mix(sheet.Palette.Accents[ring % sheet.Palette.Accents.Length], sheet.Palette.Shade(ring / 5f), 0.15f);
            for (var petal = 0; petal < petals; petal++)
            {
                sheet.Canvas.Save();
                sheet.Canvas.RotateRadians(MathF.Tau * (petal + ring % 2 * 0.5f) / petals, x, y);
                using var outline = new SKPathBuilder();
                var width = length * MathF.Tan(MathF.PI / petals) * 1.05f;
                outline.MoveTo(x, y);
                outline.CubicTo(x - width, y - length * 0.5f, x - width * 0.7f, y - length, x, y - length);
                outline.CubicTo(x + width * 0.7f, y - length, x + width, y - length * 0.5f, x, y);
                sheet.Fill(outline, colour.WithAlpha(235));
                sheet.Canvas.Restore();
            }
        }
        sheet.Disc(x, y, sheet.Short * 0.055f, sheet.Palette.Accents[1]);
    }

    /// <summary>City lights out of focus.</summary>
    public static void Lights(Sheet sheet)
    {
        sheet.Ground();
        for (var light = 0; light < 46; light++)
        {
            var (x, y) = (sheet.Between(0, sheet.Width), sheet.Height * MathF.Sqrt(sheet.Between(0.04f, 1)));
            var radius = sheet.Short * sheet.Between(0.015f, 0.085f) * (0.5f + y / sheet.Height);
            var colour = sheet.Palette.Accent(sheet.Random);
            sheet.Disc(x, y, radius, colour.WithAlpha((byte)sheet.Random.Next(50, 150)));
            sheet.Glow(x, y, radius * 1.7f, colour, 70);
        }
    }
}
