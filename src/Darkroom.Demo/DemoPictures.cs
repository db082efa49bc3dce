using Darkroom.Client;
using SkiaSharp;

namespace Darkroom.Demo;

/// <summary>Fetches the pictures as a client would, and lays them out on one sheet.</summary>
internal static class DemoPictures
{
    const int Columns = 6, Cell = 256, Gap = 8, MostOnSheet = 60;

    public static async Task<int> SaveAsync(DarkroomClient darkroom, List<Job> jobs, DirectoryInfo folder, CancellationToken ct)
    {
        folder.Create();
        var files = new List<string>();
        foreach (var job in jobs)
        {
            foreach (var image in job.Images)
            {
                var file = Path.Combine(folder.FullName, $"{job.CustomId}-{image.Index}.{image.ContentType.Split('/')[1].Replace("jpeg", "jpg", StringComparison.Ordinal)}");
                await using var picture = await darkroom.OpenImageAsync(job.Id, image.Index, ct);
                await using var target = File.Create(file);
                await picture.CopyToAsync(target, ct);
                files.Add(file);
            }
        }
        WriteSheet(files, Path.Combine(folder.FullName, "contact-sheet.png"));
        return files.Count;
    }

    static void WriteSheet(List<string> files, string path)
    {
        var shown = files.Take(MostOnSheet).ToList();
        if (shown.Count == 0)
            return;
        var rows = (shown.Count + Columns - 1) / Columns;
        using var surface = SKSurface.Create(new SKImageInfo(Columns * (Cell + Gap) + Gap, rows * (Cell + Gap) + Gap));
        surface.Canvas.Clear(new SKColor(24, 24, 27));
        for (var i = 0; i < shown.Count; i++)
        {
            using var picture = SKImage.FromEncodedData(shown[i]);
            var scale = (float)Cell / Math.Max(picture.Width, picture.Height);
            float width = picture.Width * scale, height = picture.Height * scale;
            float left = Gap + i % Columns * (Cell + Gap) + (Cell - width) / 2, top = Gap + i / Columns * (Cell + Gap) + (Cell - height) / 2;
            surface.Canvas.DrawImage(picture, SKRect.Create(left, top, width, height), new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear));
        }
        using var snapshot = surface.Snapshot();
        using var encoded = snapshot.Encode(SKEncodedImageFormat.Png, 90);
        using var file = File.Create(path);
        encoded.SaveTo(file);
    }
}
