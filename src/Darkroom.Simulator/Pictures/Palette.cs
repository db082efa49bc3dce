using SkiaSharp;

namespace Darkroom.Simulator.Pictures;

/// <summary>Colours that go together: a ground from dark to light, and accents to put on it.</summary>
internal sealed record Palette(SKColor[] Ground, SKColor[] Accents)
{
    public static IReadOnlyList<Palette> All { get; } =
    [
        Of("0b132b 1c2541 3a506b", "5bc0be ffd166 f4f1de ef476f"),
        Of("2d1e2f 7a306c ee8572", "f8d49d ffe8c2 63b7af 35477d"),
        Of("1b4332 40916c b7e4c7", "fefae0 dda15e bc6c25 f4a261"),
        Of("03071e 6a040f dc2f02", "ffba08 faa307 fff3b0 e85d04"),
        Of("22223b 4a4e69 c9ada7", "f2e9e4 9a8c98 e07a5f 81b29a"),
        Of("012a4a 2a6f97 a9d6e5", "ffffff fcbf49 f77f00 d62828"),
        Of("3c096c 7b2cbf e0aaff", "ff9e00 ffd6ff 48bfe3 f72585"),
        Of("283618 606c38 fefae0", "dda15e bc6c25 a3b18a 9d0208"),
        Of("33272a 594a4e fffffe", "ff8ba7 ffc6c7 c3f0ca faeee7"),
        Of("001219 0a9396 e9d8a6", "ee9b00 ca6702 bb3e03 94d2bd"),
        Of("10002b 3d348b 7678ed", "f7b801 f18701 f35b04 fdf0d5"),
        Of("e9edc9 ccd5ae faedcd", "d4a373 588157 3a5a40 e76f51"),
    ];

    /// <summary>A colour along the ground, from 0 (first) to 1 (last).</summary>
    public SKColor Shade(float along)
    {
        var place = Math.Clamp(along, 0, 1) * (Ground.Length - 1);
        var from = Math.Min((int)place, Ground.Length - 2);
        return Mix(Ground[from], Ground[from + 1], place - from);
    }

    public SKColor Accent(Random random) => Accents[random.Next(Accents.Length)];

    public static SKColor Mix(SKColor a, SKColor b, float share)
    {
        byte Channel(byte from, byte to) => (byte)(from + (to - from) * share);
        return new SKColor(Channel(a.Red, b.Red), Channel(a.Green, b.Green), Channel(a.Blue, b.Blue));
    }

    private static Palette Of(string ground, string accents) => new(Colours(ground), Colours(accents));

    private static SKColor[] Colours(string hex) => [.. hex.Split(' ').Select(SKColor.Parse)];
}
