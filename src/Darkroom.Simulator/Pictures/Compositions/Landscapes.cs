using SkiaSharp;

namespace Darkroom.Simulator.Pictures.Compositions;

internal static class Landscapes
{
    /// <summary>Ridges behind ridges under a low sun.</summary>
    public static void Hills(Sheet sheet)
    {
        sheet.Ground();
        var (x, y) = (sheet.Between(0.2f, 0.8f) * sheet.Width, sheet.Between(0.25f, 0.5f) * sheet.Height);
        var radius = sheet.Between(0.07f, 0.13f) * sheet.Short;
        var sun = sheet.Palette.Accents[0];
        sheet.Glow(x, y, radius * 5, sun, 110);
        sheet.Disc(x, y, radius, sun);
        const int ridges = 6;
        for (var ridge = 0; ridge < ridges; ridge++)
        {
            var near = (ridge + 1f) / ridges;
            Ridge(sheet, (0.42f + 0.5f * near) * sheet.Height, (0.05f + 0.05f * near) * sheet.Height,
                Palette.Mix(sheet.Palette.Shade(1 - near), sheet.Palette.Accents[1 + ridge % 2], 0.25f * (1 - near)));
        }
    }

    /// <summary>Lines of a restless sea, each hiding what is behind it.</summary>
    public static void Waves(Sheet sheet)
    {
        sheet.Ground(lightAtBottom: false);
        var (x, radius) = (sheet.Between(0.3f, 0.7f) * sheet.Width, sheet.Between(0.14f, 0.2f) * sheet.Short);
        sheet.Disc(x, 0.3f * sheet.Height, radius, sheet.Palette.Accents[1]);
        for (var row = 0; row < 14; row++)
        {
            var depth = row / 13f;
            var crest = (0.32f + 0.66f * depth) * sheet.Height;
            var accent = sheet.Palette.Accents[row % sheet.Palette.Accents.Length];
            var colour = Palette.Mix(sheet.Palette.Shade(0.65f * (1 - depth)), accent, row % 3 == 0 ? 0.55f : 0.12f);
            Ridge(sheet, crest, (0.012f + 0.035f * depth) * sheet.Height, colour);
        }
    }

    private static void Ridge(Sheet sheet, float height, float swing, SKColor colour)
    {
        var (slow, quick) = (sheet.Between(1.2f, 2.8f), sheet.Between(4f, 8f));
        var (a, b) = (sheet.Between(0, MathF.Tau), sheet.Between(0, MathF.Tau));
        using var outline = new SKPathBuilder();
        outline.MoveTo(0, sheet.Height);
        for (var x = 0; x <= sheet.Width + 8; x += 8)
        {
            var along = MathF.Tau * x / sheet.Width;
            outline.LineTo(x, height + swing * (MathF.Sin(along * slow / 2 + a) + 0.3f * MathF.Sin(along * quick / 2 + b)));
        }
        outline.LineTo(sheet.Width + 8, sheet.Height);
        sheet.Fill(outline, colour);
    }
}
