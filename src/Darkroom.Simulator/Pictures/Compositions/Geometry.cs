using SkiaSharp;

namespace Darkroom.Simulator.Pictures.Compositions;

internal static class Geometry
{
    /// <summary>Tiles of quarter circles, half discs and dots, after the posters of the twenties.</summary>
    public static void Tiles(Sheet sheet)
    {
        var side = sheet.Short / sheet.Random.Next(4, 7);
        sheet.Canvas.Clear(sheet.Palette.Ground[^1]);
        for (var y = 0f; y < sheet.Height; y += side)
            for (var x = 0f; x < sheet.Width; x += side)
                Tile(sheet, new SKRect(x, y, x + side, y + side));
    }

    private static void Tile(Sheet sheet, SKRect tile)
    {
        using var ground = new SKPaint { Color = sheet.Palette.Ground[sheet.Random.Next(3)] };
        using var figure = new SKPaint { Color = sheet.Palette.Accent(sheet.Random), IsAntialias = true };
        sheet.Canvas.Save();
        sheet.Canvas.ClipRect(tile);
        sheet.Canvas.DrawRect(tile, ground);
        var corner = new SKPoint(sheet.Random.Next(2) == 0 ? tile.Left : tile.Right, sheet.Random.Next(2) == 0 ? tile.Top : tile.Bottom);
        switch (sheet.Random.Next(5))
        {
            case 0:
                sheet.Canvas.DrawCircle(corner, tile.Width, figure);
                sheet.Canvas.DrawCircle(corner, tile.Width * 0.5f, ground);
                break;
            case 1:
                sheet.Canvas.DrawCircle(corner, tile.Width, figure);
                break;
            case 2:
                sheet.Canvas.DrawCircle(tile.MidX, corner.Y, tile.Width / 2, figure);
                break;
            case 3:
                sheet.Canvas.DrawCircle(tile.MidX, tile.MidY, tile.Width * 0.28f, figure);
                break;
            default:
                sheet.Canvas.DrawRect(corner.X == tile.Left ? tile.Left : tile.MidX, tile.Top, tile.Width / 2, tile.Height, figure);
                break;
        }
        sheet.Canvas.Restore();
    }

    /// <summary>A cut stone: triangles shaded as if lit from one corner.</summary>
    public static void Facets(Sheet sheet)
    {
        var across = sheet.Random.Next(6, 10);
        var step = sheet.Short / across;
        var (columns, rows) = ((int)(sheet.Width / step) + 2, (int)(sheet.Height / step) + 2);
        var points = new SKPoint[columns + 1, rows + 1];
        for (var row = 0; row <= rows; row++)
            for (var column = 0; column <= columns; column++)
                points[column, row] = new SKPoint(
                    (column - 0.5f + sheet.Between(-0.36f, 0.36f)) * step, (row - 0.5f + sheet.Between(-0.36f, 0.36f)) * step);
        sheet.Canvas.Clear(sheet.Palette.Ground[1]);
        for (var row = 0; row < rows; row++)
            for (var column = 0; column < columns; column++)
            {
                Facet(sheet, points[column, row], points[column + 1, row], points[column, row + 1]);
                Facet(sheet, points[column + 1, row], points[column + 1, row + 1], points[column, row + 1]);
            }
    }

    private static void Facet(Sheet sheet, SKPoint a, SKPoint b, SKPoint c)
    {
        var lit = (a.X / sheet.Width + a.Y / sheet.Height) / 2 + sheet.Between(-0.16f, 0.16f);
        var colour = sheet.Palette.Shade(lit);
        if (sheet.Random.Next(7) == 0)
            colour = Palette.Mix(colour, sheet.Palette.Accent(sheet.Random), 0.75f);
        using var outline = new SKPathBuilder();
        outline.MoveTo(a);
        outline.LineTo(b);
        outline.LineTo(c);
        outline.Close();
        sheet.Fill(outline, colour);
    }

    /// <summary>A planet, and the paths of its moons.</summary>
    public static void Orbits(Sheet sheet)
    {
        sheet.Ground();
        var (x, y) = (sheet.Between(0.35f, 0.65f) * sheet.Width, sheet.Between(0.35f, 0.65f) * sheet.Height);
        var radius = sheet.Short * sheet.Between(0.11f, 0.16f);
        for (var star = 0; star < 70; star++)
        {
            var (east, south, size) = (sheet.Between(0, sheet.Width), sheet.Between(0, sheet.Height), sheet.Between(0.8f, 2.6f));
            sheet.Disc(east, south, size, sheet.Palette.Accents[1].WithAlpha(170));
        }
        sheet.Glow(x, y, radius * 3.2f, sheet.Palette.Accents[0], 130);
        sheet.Disc(x, y, radius, sheet.Palette.Accents[0]);
        sheet.Glow(x - radius * 0.35f, y - radius * 0.35f, radius * 0.9f, SKColors.White, 120);
        for (var orbit = 1; orbit <= 6; orbit++)
        {
            var reach = radius * (1.3f + orbit * 0.62f);
            var (start, sweep) = (sheet.Between(0, 360), sheet.Between(150, 330));
            var colour = sheet.Palette.Accents[orbit % sheet.Palette.Accents.Length];
            using var path = new SKPathBuilder();
            path.AddArc(new SKRect(x - reach, y - reach, x + reach, y + reach), start, sweep);
            sheet.Line(path, colour.WithAlpha(210), sheet.Between(2, 9));
            var (sin, cos) = MathF.SinCos((start + sweep) * MathF.PI / 180);
            sheet.Disc(x + cos * reach, y + sin * reach, sheet.Between(7, 22), colour);
        }
    }
}
