namespace Darkroom.Migrations.Rows;

/// <summary>
/// Usage by day and kind of work. Ended attempts append <see cref="UsageDelta"/> rows in their own transaction, so that completions
/// never wait for a hot row; a sweep folds them into <see cref="UsageTotal"/>. The truth at any moment is the sum of both.
/// </summary>
public abstract class UsageFigures
{
    public DateOnly Day { get; init; }
    public Guid ProjectId { get; init; }

    /// <summary><see cref="Guid.Empty"/> for jobs outside a batch: a null could not be part of the key.</summary>
    public Guid BatchId { get; init; }
    public required string Endpoint { get; init; }
    public required string Model { get; init; }

    /// <summary>As answered where an answer came, else as asked.</summary>
    public required string Quality { get; init; }
    public required string Size { get; init; }

    public long Attempts { get; init; }

    /// <summary>Attempts that may have been billed without our knowing.</summary>
    public long UnknownAttempts { get; init; }
    public long Images { get; init; }
    public long InputTokens { get; init; }
    public long OutputTokens { get; init; }
    public long TotalTokens { get; init; }
    public decimal Cost { get; init; }

    /// <summary>US$ of attempts that were billed and brought nothing (failed, superseded); part of <see cref="Cost"/>.</summary>
    public decimal WastedCost { get; init; }
    public decimal PossibleCost { get; init; }

    /// <summary>Billed attempts whose usage or price is not known; where above 0, <see cref="Cost"/> is a lower bound.</summary>
    public long Unpriced { get; init; }
}

public sealed class UsageDelta : UsageFigures
{
    public long Id { get; init; }
}

public sealed class UsageTotal : UsageFigures;
