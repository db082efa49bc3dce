using Darkroom.Worker.Usage;

namespace Darkroom.Worker.Observability;

/// <summary>Everything that is said of one attempt in the log and the metrics, filled in as it becomes known.</summary>
internal sealed class AttemptFacts
{
    public required Guid JobId { get; init; }
    public required Guid AttemptId { get; init; }
    public required string Endpoint { get; init; }
    public required string Model { get; init; }

    /// <summary>0 where another process began it.</summary>
    public int Number { get; init; }

    /// <summary>The attempt's final status, or <c>left</c> where this process leaves it to another.</summary>
    public string Outcome { get; set; } = Left;

    /// <summary>Of the closed set of <see cref="Endpoint.FailureKind"/> and its kin, <c>none</c> for a success.</summary>
    public string Reason { get; set; } = "none";

    /// <summary>The endpoint's own code, where it sent one.</summary>
    public string? Code { get; set; }

    /// <summary>What the job became by it; null where it had moved on, or is left as it is.</summary>
    public string? JobStatus { get; set; }
    public int? HttpStatus { get; set; }
    public string? RequestId { get; set; }
    public long BodyBytes { get; set; }
    public long PictureBytes { get; set; }
    public int Images { get; set; }
    public TokenUsage? Usage { get; set; }
    public decimal? Cost { get; set; }
    public decimal? PossibleCost { get; set; }

    /// <summary>How long each part took, in the order in which they ended.</summary>
    public List<(string Name, TimeSpan Duration)> Steps { get; } = [];

    public const string Left = "left";

    public double? Milliseconds(string step)
    {
        foreach (var (name, duration) in Steps)
        {
            if (name == step)
                return Math.Round(duration.TotalMilliseconds, 1);
        }
        return null;
    }
}
