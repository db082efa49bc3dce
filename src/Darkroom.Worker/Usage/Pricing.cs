using Darkroom.Worker.Endpoint;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Usage;

/// <summary>US$ by the configured list prices. What has no price costs null, never 0.</summary>
internal sealed class Pricing(IOptions<EndpointSettings> settings)
{
    const decimal Million = 1_000_000m;

    public bool HasPrice(string model) => settings.Value.Model(model)?.Prices is not null;

    /// <summary>What a billed call cost; null where the model has no price or the endpoint sent no usage.</summary>
    public decimal? Cost(string model, string? usageJson)
    {
        if (settings.Value.Model(model)?.Prices is not { } price || TokenUsage.Read(usageJson) is not { } usage)
            return null;
        // Cached tokens are not told apart by kind; prompts are text, so text is what a cache holds.
        var cached = Math.Min(usage.CachedInput, usage.TextInput);
        return ((usage.TextInput - cached) * price.TextInput + cached * price.TextInputCached
            + usage.ImageInput * price.ImageInput + usage.Output * price.ImageOutput) / Million;
    }

    /// <summary>What an unbilled call cost: 0 where the model has a price.</summary>
    public decimal? Nothing(string model) => HasPrice(model) ? 0 : null;

    /// <summary>What a call may have cost whose answer never came, by the model's token figures; null where they or the price are missing.</summary>
    public decimal? Estimate(string model, string prompt, string quality, int n, string size)
    {
        if (settings.Value.Model(model) is not { Prices: { } price } figures || figures.OutputTokensOf(quality, size) is not (> 0 and var tokens))
            return null;
        return (n * (long)tokens * price.ImageOutput + prompt.Length / 4 * price.TextInput) / Million;
    }
}
