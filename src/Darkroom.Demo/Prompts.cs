using Darkroom.Client;

namespace Darkroom.Demo;

/// <summary>What a person might ask for: products, places, portraits, patterns; different models, sizes and qualities.</summary>
internal static class Prompts
{
    static readonly string[] All =
    [
        "A studio photo of a ceramic teapot in celadon green, soft light from the left",
        "Isometric illustration of a tiny bookshop at night, warm windows, light rain",
        "Watercolour of a heron standing in morning mist",
        "Flat vector icon of a lighthouse, two colours",
        "A product shot of walnut headphones on a linen cloth",
        "Oil painting of a harbour with red boats, thick brushwork",
        "Macro photo of frost on a maple leaf",
        "A cosy reading corner with a green velvet armchair, interior design magazine",
        "Poster for a jazz festival, art deco, gold on navy",
        "A fox asleep in a field of poppies, picture book style",
        "Blueprint drawing of an imaginary flying bicycle",
        "Aerial view of terraced tea fields at sunrise",
        "Portrait of an old fisherman, black and white, strong contrast",
        "Seamless pattern of lemons and leaves, gouache",
        "A glass of iced coffee on a marble table, top view",
        "Low-poly mountain landscape in autumn colours",
        "An astronaut tending tomatoes in a greenhouse on the moon",
        "Logo for a bakery named Crumb, hand lettering",
        "A tram in Lisbon, urban sketch in ink and wash",
        "Still life with pomegranates in the manner of the Dutch masters",
        "A paper-cut diorama of a forest with deer",
        "Neon sign of a ramen bowl in a dark alley",
        "A minimalist chair of bent birch plywood, white background",
        "Northern lights over a frozen lake, long exposure",
    ];

    static readonly string[] Qualities = ["low", "medium", "high", "auto"];
    static readonly string[] Sizes = ["1024x1024", "1536x1024", "1024x1536", "auto"];

    public static int Count => All.Length;

    /// <summary>The job with this number, from 0; every twelfth asks for two pictures.</summary>
    public static SubmitJob Job(int number) => new()
    {
        Model = number % 3 == 0 ? "gpt-image-1" : "gpt-image-1.5",
        Prompt = All[number % All.Length],
        Quality = Qualities[number % Qualities.Length],
        Size = Sizes[number / 4 % Sizes.Length],
        N = number % 12 == 5 ? 2 : 1,
        CustomId = $"demo-{number + 1:000}",
    };
}
