using System.Collections.Concurrent;
using Darkroom.Simulator.Contract;

namespace Darkroom.Simulator.Faults;

/// <summary>
/// Which faults strike which calls. Asked for by the prompt first, else by <see cref="Add"/> in order, else by chance.
/// Safe for use from any thread.
/// </summary>
public sealed class FaultPlan
{
    private readonly Lock _sync = new();
    private readonly List<Planned> _planned = [];
    private readonly ConcurrentDictionary<(string PromptHash, int Index), int> _struck = new();

    internal static FaultPlan From(SimulatorOptions options)
    {
        var plan = new FaultPlan();
        foreach (var (fault, rate) in options.FaultRates)
            plan.Rate[fault] = rate;
        return plan;
    }

    /// <summary>The share of calls each fault strikes, from 0 to 1, such as <c>Rate["http_500"] = 0.05</c>.</summary>
    public IDictionary<string, double> Rate { get; } = new ConcurrentDictionary<string, double>();

    /// <summary>Plans a fault for the next calls.</summary>
    /// <param name="fault">A name with its arguments, such as <c>http_429 retry_after=3</c>.</param>
    /// <param name="times">How many calls it strikes; null: all, until <see cref="Clear"/>.</param>
    /// <param name="promptContains">Only calls whose prompt contains this text.</param>
    /// <exception cref="ArgumentException">There is no such fault, or it is to strike less than one call.</exception>
    public void Add(string fault, int? times = null, string? promptContains = null)
    {
        if (!FaultSpec.TryParse(fault, out var spec, out var mistake))
            throw new ArgumentException(mistake, nameof(fault));
        ArgumentOutOfRangeException.ThrowIfLessThan(times ?? spec.Times ?? 1, 1, nameof(times));
        lock (_sync)
            _planned.Add(new Planned(spec, times ?? spec.Times, promptContains));
    }

    /// <summary>Drops all planned faults, all rates, and the counts of faults asked for by prompts.</summary>
    public void Clear()
    {
        Rate.Clear();
        _struck.Clear();
        lock (_sync)
            _planned.Clear();
    }

    internal IReadOnlyList<Planned> Planning
    {
        get { lock (_sync) return _planned.ToArray(); }
    }

    internal IReadOnlyList<FaultSpec> Draw(GenerationRequest request, PromptDirectives directives, Random random)
    {
        var asked = AskedFor(request, directives.Faults);
        if (asked.Count > 0)
            return asked;
        return Next(request.Prompt) is { } planned ? [planned] : ByChance(random);
    }

    private List<FaultSpec> AskedFor(GenerationRequest request, IReadOnlyList<FaultSpec> faults)
    {
        var striking = faults.Where(fault => fault.Times is null).ToList();
        for (var index = 0; index < faults.Count; index++)
        {
            if (faults[index].Times is not { } times)
                continue;
            if (_struck.AddOrUpdate((request.PromptHash, index), 1, (_, count) => Math.Min(count, times) + 1) > times)
                continue;
            striking.Add(faults[index]);
            break;
        }
        return striking;
    }

    private FaultSpec? Next(string prompt)
    {
        lock (_sync)
        {
            var index = _planned.FindIndex(planned => prompt.Contains(planned.PromptContains ?? "", StringComparison.Ordinal));
            if (index < 0)
                return null;
            var planned = _planned[index];
            if (planned.Times is 1)
                _planned.RemoveAt(index);
            else
                _planned[index] = planned with { Times = planned.Times - 1 };
            return planned.Fault;
        }
    }

    private List<FaultSpec> ByChance(Random random)
    {
        var chance = random.NextDouble();
        foreach (var (fault, rate) in Rate.OrderBy(one => one.Key, StringComparer.Ordinal))
        {
            chance -= rate;
            if (chance < 0 && FaultSpec.TryParse(fault, out var spec, out _))
                return [spec];
        }
        return [];
    }

    /// <param name="Times">Calls it still strikes; null: all.</param>
    internal sealed record Planned(FaultSpec Fault, int? Times, string? PromptContains);
}
