namespace Darkroom.Worker.Endpoint;

/// <summary>
/// One model that jobs may name; <c>Darkroom:Models:{i}</c>. Models come and go every few months, so they are configuration; those that
/// ship are in <c>appsettings.json</c>.
/// </summary>
internal sealed class ModelOptions
{
    public const string Auto = "auto";

    /// <summary>As in requests, for example <c>gpt-image-1.5</c>. Required; unique.</summary>
    public string Name { get; set; } = "";

    /// <summary>Sizes a job may ask for. Required; <c>{width}x{height}</c> in pixels, or <c>auto</c>.</summary>
    public List<string> Sizes { get; set; } = [];

    /// <summary>Qualities a job may ask for. Required.</summary>
    public List<string> Qualities { get; set; } = [];

    /// <summary>Longest prompt in characters. Default 32,000; 1 to 1,000,000.</summary>
    public int MaxPromptChars { get; set; } = 32_000;

    /// <summary>Most pictures of one call. Default 10; 1 to 100.</summary>
    public int MaxN { get; set; } = 10;

    /// <summary>
    /// Output tokens of one picture by quality, then size; 1 or more each. They estimate what a call takes of <c>TokensPerMinute</c> and
    /// what an unknown outcome may have cost; without them both count as 0.
    /// </summary>
    public Dictionary<string, Dictionary<string, int>> OutputTokens { get; set; } = [];

    /// <summary>What its tokens cost. Default null: the model has no price and its cost is unknown, never 0.</summary>
    public ModelPrices? Prices { get; set; }

    /// <summary>The day its maker shuts it down, where that is known; for people, enforced by nobody.</summary>
    public DateOnly? ShutdownDate { get; set; }

    /// <summary>The moment that day begins, in UTC.</summary>
    public DateTimeOffset? ShutdownAt => ShutdownDate is { } day ? new(day, default, TimeSpan.Zero) : null;

    /// <summary>
    /// Output tokens of one picture. What <c>auto</c> becomes only the answer tells, so the dearest possible is assumed: an estimate may be
    /// too cautious, not too bold.
    /// </summary>
    public int OutputTokensOf(string quality, string size) => OutputTokens
        .Where(q => quality == Auto || q.Key == quality)
        .SelectMany(q => q.Value)
        .Where(s => size == Auto || s.Key == size)
        .Select(s => s.Value).DefaultIfEmpty(0).Max();

    /// <summary>
    /// What a call is expected to take of <c>TokensPerMinute</c>: its pictures, and a token for every four characters of prompt.
    /// </summary>
    public int TokensOf(string quality, string size, int n, int promptChars) => n * OutputTokensOf(quality, size) + promptChars / 4;
}

/// <summary>US$ per million tokens, 0 to 100,000 each. The shipped ones are the maker's list prices; a router's may differ.</summary>
internal sealed class ModelPrices
{
    public decimal TextInput { get; set; }
    public decimal TextInputCached { get; set; }
    public decimal ImageInput { get; set; }
    public decimal ImageInputCached { get; set; }
    public decimal ImageOutput { get; set; }
}
