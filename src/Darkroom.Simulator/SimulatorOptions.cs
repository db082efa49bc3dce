using System.ComponentModel;

namespace Darkroom.Simulator;

/// <summary>
/// What the simulated endpoint does. Each property's description is its documentation and is what <c>--help</c> prints.
/// All of them may be changed while it runs; the next call sees the change.
/// </summary>
public sealed class SimulatorOptions
{
    [Description("Accepted API keys, separated by commas. Empty: any non-empty bearer key is accepted.")]
    public IList<string> ApiKeys { get; set; } = [];

    [Description("Model names, separated by commas. Names the simulator has no list price for are billed without a cost.")]
    public IList<SimulatedModel> Models { get; set; } = [.. SimulatedModel.Shipped];

    [Description("The size that `auto` becomes.")]
    public string AutoSize { get; set; } = "1024x1024";

    [Description("The quality that `auto` becomes.")]
    public string AutoQuality { get; set; } = "medium";

    [Description("Format of the pictures: png, webp, jpeg, or mixed (the prompt's hash decides).")]
    public OutputFormat OutputFormat { get; set; } = OutputFormat.Png;

    [Description("Least size of a 1024x1024 PNG in bytes; legal padding makes it up. Other sizes in proportion to their area, WebP "
        + "and JPEG a quarter. 0: no padding.")]
    public int MinPictureBytes { get; set; } = 800_000;

    [Description("Greatest size of a 1024x1024 PNG in bytes, scaled in the same way; the prompt's hash picks between the two. At "
        + "most 64000000.")]
    public int MaxPictureBytes { get; set; } = 3_300_000;

    [Description("How many different pictures are drawn per size and format; a prompt's hash picks one. Drawing one takes about "
        + "0.1 s of CPU, using it again nothing. 0: each prompt has its own, with its words written on it where the machine "
        + "has a font.")]
    public int DistinctPictures { get; set; } = 24;

    [Description("Factor on the real endpoint's latency (median 10 s low, 45 s medium, 130 s high, tails near 300 s). 0: answer at "
        + "once; 1: as slow as the real one.")]
    public double LatencyScale { get; set; } = 0.02;

    [Description("With LatencyMax: a fixed range instead of the realistic latency, e.g. 200ms, 5s, 2m.")]
    public TimeSpan? LatencyMin { get; set; }

    [Description("See LatencyMin; alone it is an exact latency.")]
    public TimeSpan? LatencyMax { get; set; }

    [Description("Spreads each answer's body over this time. 0: as fast as the client reads.")]
    public TimeSpan BodyDuration { get; set; } = TimeSpan.Zero;

    [Description("Decides latencies and faults by rate, together with the prompt and how often it was seen, so that a run can be "
        + "repeated.")]
    public int Seed { get; set; } = 1;

    [Description("Images a minute the account allows. Empty: no limit.")]
    public int? ImagesPerMinute { get; set; }

    [Description("Requests a minute the account allows. Empty: no limit.")]
    public int? RequestsPerMinute { get; set; }

    [Description("Tokens a minute the account allows. Empty: no limit.")]
    public int? TokensPerMinute { get; set; }

    [Description("How much of a limit may be used at once: each bucket holds this long a share of its limit, and one more.")]
    public TimeSpan Burst { get; set; } = TimeSpan.FromSeconds(5);

    [Description("Calls in progress the account allows; one more gets a 429. Empty: no limit.")]
    public int? MaxInFlight { get; set; }

    [Description("US$ the account holds; when the bill reaches it, calls get 429 insufficient_quota. Empty: no end.")]
    public decimal? Budget { get; set; }

    [Description("Faults by rate, e.g. http_500=0.05,moderation_blocked=0.01. Names: see below.")]
    public IDictionary<string, double> FaultRates { get; set; } = new Dictionary<string, double>();

    [Description("File that gets one JSON line when a call arrives, is billed and ends; it is written through at once, so it "
        + "survives a kill.")]
    public string? CallLog { get; set; }

    /// <summary>The clock of latencies, limits and the account; only for programs that host the simulator themselves.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Every mistake in the options, in words; empty when they are usable.</summary>
    internal IEnumerable<string> Problems()
    {
        if (!Contract.Catalog.Sizes.Contains(AutoSize))
            yield return $"AutoSize is '{AutoSize}'; it must be one of {string.Join(", ", Contract.Catalog.Sizes)}.";
        if (!Contract.Catalog.Qualities.Contains(AutoQuality))
            yield return $"AutoQuality is '{AutoQuality}'; it must be one of {string.Join(", ", Contract.Catalog.Qualities)}.";
        if (MinPictureBytes < 0 || MaxPictureBytes < MinPictureBytes || MaxPictureBytes > 64_000_000)
            yield return "MinPictureBytes and MaxPictureBytes must satisfy 0 <= min <= max <= 64000000.";
        if (DistinctPictures < 0)
            yield return "DistinctPictures must be 0 or more.";
        if (double.IsNaN(LatencyScale) || LatencyScale is < 0 or > 100)
            yield return "LatencyScale must be from 0 to 100.";
        if (LatencyMin < TimeSpan.Zero || LatencyMax < (LatencyMin ?? TimeSpan.Zero))
            yield return "LatencyMin and LatencyMax must satisfy 0 <= min <= max.";
        if (BodyDuration < TimeSpan.Zero || Burst < TimeSpan.Zero)
            yield return "BodyDuration and Burst must not be negative.";
        if (ImagesPerMinute <= 0 || RequestsPerMinute <= 0 || TokensPerMinute <= 0 || MaxInFlight <= 0)
            yield return "ImagesPerMinute, RequestsPerMinute, TokensPerMinute and MaxInFlight must be above 0, or empty.";
        foreach (var (fault, rate) in FaultRates)
        {
            if (Faults.FaultSpec.TryParse(fault, out _, out var mistake) is false)
                yield return $"FaultRates: {mistake}";
            if (rate is not (>= 0 and <= 1))
                yield return $"FaultRates: the rate of {fault} must be from 0 to 1.";
        }
    }
}

public enum OutputFormat
{
    Png,
    Webp,
    Jpeg,
    Mixed,
}
