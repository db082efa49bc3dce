using System.Collections.Concurrent;
using Darkroom.Simulator.Contract;

namespace Darkroom.Simulator.Generation;

/// <summary>
/// How often each prompt was seen. Chance is drawn from the seed, the prompt and this number, never from the order
/// in which calls happen to arrive, so that a run with many calls in flight can be repeated.
/// </summary>
internal sealed class PromptHistory(SimulatorOptions options)
{
    private readonly ConcurrentDictionary<string, int> _seen = new();

    public Random Next(GenerationRequest request)
    {
        var times = _seen.AddOrUpdate(request.PromptHash, 1, (_, seen) => seen + 1);
        return new Random(unchecked((int)request.PromptSeed * 31 + options.Seed * 7919 + times));
    }

    public void Clear() => _seen.Clear();
}
