namespace Darkroom.Simulator.Contract;

/// <summary>What one generation used, in tokens; pictures are never sent in, so all input is text.</summary>
public sealed record TokenUsage(int InputTokens, int OutputTokens)
{
    public int TotalTokens => InputTokens + OutputTokens;

    internal static TokenUsage Of(GenerationRequest request) => new(
        // About four characters a token, as English text comes out on average.
        Math.Max(1, (request.Prompt.Length + 3) / 4),
        request.N * Catalog.OutputTokens(request.Size, request.Quality));

    /// <summary>US$ at list prices; null where the model has none.</summary>
    internal decimal? Cost(SimulatedModel model) =>
        (InputTokens * model.TextInput + OutputTokens * model.ImageOutput) / 1_000_000m;
}
