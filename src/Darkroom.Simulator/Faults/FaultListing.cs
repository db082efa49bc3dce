namespace Darkroom.Simulator.Faults;

/// <summary>All that can be asked for, and what is asked for now.</summary>
internal sealed record FaultListing(
    IReadOnlyDictionary<string, string> Faults,
    IReadOnlyDictionary<string, string> Arguments,
    IReadOnlyDictionary<string, string> Directives,
    IReadOnlyList<FaultListing.PlannedFault> Planned,
    IReadOnlyDictionary<string, double> Rates)
{
    public static FaultListing Of(FaultPlan plan) => new(
        FaultTable.All.Select(kind => (kind.Name, kind.What)).Concat(FaultTable.Patterns).ToDictionary(),
        FaultTable.Arguments.ToDictionary(), PromptDirectives.Known.ToDictionary(),
        [.. plan.Planning.Select(planned => new PlannedFault(planned.Fault.Text, planned.Times, planned.PromptContains))],
        plan.Rate.ToDictionary());

    internal sealed record PlannedFault(string Fault, int? Times, string? Prompt);
}
