using Darkroom.Migrations.Rows;
using Darkroom.Worker.Jobs;

namespace Darkroom.Worker.Usage;

/// <summary>What one end of an attempt adds to the usage figures.</summary>
internal static class UsageLedger
{
    /// <summary>
    /// One row for the new ending; where the attempt was booked as unknown before, another that takes that booking back. Sums over all
    /// rows are exact at any moment.
    /// </summary>
    public static IEnumerable<UsageDelta> Deltas(Job job, Attempt before, AttemptEnding ending, JobResult? answer)
    {
        var booked = TokenUsage.Read(before.Usage);
        var day = DateOnly.FromDateTime(before.StartedAt.UtcDateTime);
        if (before.Status == AttemptStatus.Unknown)
            yield return new UsageDelta
            {
                Day = day,
                ProjectId = job.ProjectId,
                BatchId = job.BatchId ?? Guid.Empty,
                Endpoint = job.Endpoint,
                Model = job.Model,
                Quality = job.Quality,
                Size = job.Size,
                Attempts = -1,
                UnknownAttempts = -1,
                InputTokens = -(booked?.Input ?? 0),
                OutputTokens = -(booked?.Output ?? 0),
                TotalTokens = -(booked?.Total ?? 0),
                Cost = -(before.Cost ?? 0),
                PossibleCost = -(before.PossibleCost ?? 0),
            };

        var usage = ending.Usage is null ? booked : TokenUsage.Read(ending.Usage);
        var wasted = ending.Status is AttemptStatus.Failed or AttemptStatus.Superseded;
        var billed = wasted || ending.Status == AttemptStatus.Succeeded;
        yield return new UsageDelta
        {
            Day = day,
            ProjectId = job.ProjectId,
            BatchId = job.BatchId ?? Guid.Empty,
            Endpoint = job.Endpoint,
            Model = job.Model,
            Quality = answer?.Quality ?? job.Quality,
            Size = answer?.Size ?? job.Size,
            Attempts = 1,
            UnknownAttempts = ending.Status == AttemptStatus.Unknown ? 1 : 0,
            Images = ending.Status == AttemptStatus.Succeeded ? answer?.Images.Count ?? 0 : 0,
            InputTokens = usage?.Input ?? 0,
            OutputTokens = usage?.Output ?? 0,
            TotalTokens = usage?.Total ?? 0,
            Cost = ending.Cost ?? 0,
            WastedCost = wasted ? ending.Cost ?? 0 : 0,
            PossibleCost = ending.PossibleCost ?? 0,
            Unpriced = billed && ending.Cost is null ? 1 : 0,
        };
    }
}
