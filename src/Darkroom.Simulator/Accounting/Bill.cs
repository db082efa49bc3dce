namespace Darkroom.Simulator.Accounting;

/// <summary>Totals over the account's calls since the last reset.</summary>
public sealed record Bill(
    int Calls, int BilledCalls, int Images, long InputTokens, long OutputTokens, long TotalTokens,
    decimal Cost, IReadOnlyList<ModelBill> Models)
{
    internal static Bill Of(IReadOnlyList<Call> calls)
    {
        var models = calls.Where(call => call.Billed).GroupBy(call => call.Model!).OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(ModelBill.Of).ToList();
        var (input, output) = (models.Sum(model => model.InputTokens), models.Sum(model => model.OutputTokens));
        return new Bill(calls.Count, models.Sum(model => model.BilledCalls), models.Sum(model => model.Images),
            input, output, input + output, models.Sum(model => model.Cost ?? 0), models);
    }
}

/// <param name="Cost">US$ at list prices; null where the model has none.</param>
public sealed record ModelBill(string Model, int BilledCalls, int Images, long InputTokens, long OutputTokens, decimal? Cost)
{
    internal static ModelBill Of(IGrouping<string, Call> calls) => new(
        calls.Key, calls.Count(), calls.Sum(call => call.N!.Value),
        calls.Sum(call => (long)call.Usage!.InputTokens), calls.Sum(call => (long)call.Usage!.OutputTokens),
        calls.All(call => call.Cost is not null) ? calls.Sum(call => call.Cost) : null);
}
