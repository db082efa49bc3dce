namespace Darkroom.Client;

/// <summary>Work and money of one group. The fields that <c>group_by</c> does not name are null.</summary>
public sealed record UsageLine
{
    /// <summary>Names this group among its list, for <c>after</c>.</summary>
    public required string Id { get; init; }

    /// <summary>UTC.</summary>
    public DateOnly? Day { get; init; }
    public string? Project { get; init; }

    /// <summary>Null also where the group is the jobs outside any batch.</summary>
    public string? Batch { get; init; }
    public string? Endpoint { get; init; }
    public string? Model { get; init; }

    /// <summary>As answered where an answer came, else as asked for.</summary>
    public string? Quality { get; init; }
    public string? Size { get; init; }

    public required long Images { get; init; }
    public required long Attempts { get; init; }

    /// <summary>Attempts that may have been billed without our knowing.</summary>
    public required long UnknownAttempts { get; init; }
    public required long InputTokens { get; init; }
    public required long OutputTokens { get; init; }
    public required long TotalTokens { get; init; }
    public required UsageCost Cost { get; init; }

    /// <summary>Billed attempts whose usage or price is not known; where above 0, the amount is a lower bound.</summary>
    public required long Unpriced { get; init; }
}

/// <summary>Money of one group.</summary>
/// <param name="Currency">ISO 4217.</param>
/// <param name="Amount">Of attempts with known usage and price; null where none of the billed ones has both.</param>
/// <param name="Possible">Estimate for attempts of unknown outcome; null where none of them has a price.</param>
/// <param name="Wasted">Part of the amount that brought no picture; null where the amount is.</param>
public sealed record UsageCost(string Currency, decimal? Amount, decimal? Possible, decimal? Wasted);
