using Darkroom.Simulator.Answers;
using Darkroom.Simulator.Contract;

namespace Darkroom.Simulator.Faults;

/// <summary>One thing that can go wrong.</summary>
/// <param name="Name">As it is asked for.</param>
/// <param name="What">What the caller gets, and the arguments that vary it.</param>
/// <param name="Apply">Turns the answer there would have been into the faulty one.</param>
internal sealed record FaultKind(string Name, string What, Func<Answer, Strike, Answer> Apply)
{
    /// <summary>The call is refused at the door: at once, with nothing generated and nothing billed.</summary>
    public bool AtOnce { get; init; }

    /// <summary>Arguments of its own, beside those every fault takes.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];
}

/// <summary>The call a fault strikes.</summary>
internal sealed record Strike(FaultSpec Spec, GenerationRequest Request, OutputFormat Format, SimulatorOptions Options)
{
    public string? this[string argument] => Spec.Arguments.GetValueOrDefault(argument);

    public int Number(string argument, int otherwise) => int.TryParse(this[argument], out var number) ? number : otherwise;

    public TimeSpan Time(string argument, TimeSpan otherwise) =>
        this[argument] is { } text && Duration.TryParse(text, out var time) ? time : otherwise;
}
