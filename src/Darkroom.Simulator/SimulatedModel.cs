namespace Darkroom.Simulator;

/// <summary>A model the simulator answers for, with its maker's list prices in US$ per million tokens; null where there is none.</summary>
/// <param name="Name">As sent in <c>model</c>.</param>
/// <param name="TextInput">Price of text input tokens.</param>
/// <param name="ImageOutput">Price of image output tokens.</param>
/// <param name="PromptLimit">Greatest length of a prompt in characters (Unicode scalar values).</param>
public sealed record SimulatedModel(string Name, decimal? TextInput = null, decimal? ImageOutput = null, int PromptLimit = 32_000)
{
    /// <summary>The models and prices of the endpoint page.</summary>
    public static IReadOnlyList<SimulatedModel> Shipped { get; } =
        [new("gpt-image-1", TextInput: 5, ImageOutput: 40), new("gpt-image-1.5", TextInput: 5, ImageOutput: 32)];

    internal static SimulatedModel Named(string name) => Shipped.FirstOrDefault(model => model.Name == name) ?? new SimulatedModel(name);
}
