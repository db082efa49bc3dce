using Darkroom.Simulator.Contract;

namespace Darkroom.Simulator.Accounting;

/// <summary>One call as the simulator saw it; a snapshot, taken when asked for.</summary>
public sealed record Call
{
    /// <summary>Counts from 1 in the order of arrival; goes on over a reset.</summary>
    public required int Number { get; init; }

    /// <summary>What the caller sent as <c>X-Client-Request-Id</c>.</summary>
    public string? ClientRequestId { get; init; }

    /// <summary>What the simulator answered as <c>x-request-id</c>.</summary>
    public required string RequestId { get; init; }

    public required DateTimeOffset ArrivedAt { get; init; }

    /// <summary>
    /// Null while the call is in flight: until its last byte is handed to the socket, so an answer nobody reads stays in
    /// flight, and until its generation ends, even where the caller has gone.
    /// </summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Null, like all the request's fields, when the request was refused before it could be read.</summary>
    public string? Prompt { get; init; }

    /// <summary>SHA-256 of the prompt, in hex.</summary>
    public string? PromptHash { get; init; }

    public string? Model { get; init; }

    public string? Quality { get; init; }

    public string? Size { get; init; }

    public int? N { get; init; }

    /// <summary>The faults that struck, as they were asked for.</summary>
    public IReadOnlyList<string> Faults { get; init; } = [];

    /// <summary>It waits to be released; see <see cref="SimulatorHost.Hold"/>.</summary>
    public bool Held { get; init; }

    /// <summary>The status sent; null when none was.</summary>
    public int? Status { get; init; }

    /// <summary>A finished generation is billed, whether or not its answer arrives.</summary>
    public bool Billed { get; init; }

    public TokenUsage? Usage { get; init; }

    /// <summary>US$ at list prices; null when not billed or where the model has no price.</summary>
    public decimal? Cost { get; init; }

    /// <summary>The caller closed the connection before its answer was complete.</summary>
    public bool ClientAborted { get; init; }

    /// <summary>Bytes of the body handed to the socket, before any compression.</summary>
    public long BytesSent { get; init; }
}
