using System.Text.Json.Serialization;

namespace Darkroom.Client;

/// <summary>One configured image endpoint and whether calls go there now.</summary>
public sealed record EndpointStatus
{
    public required string Name { get; init; }

    /// <summary><c>active</c>, <c>gated</c> (calls do not get out; one at a time tries) or <c>paused</c> (jobs wait).</summary>
    public required string State { get; init; }
    public string? Reason { get; init; }
    public required DateTimeOffset Since { get; init; }

    /// <summary>When one waiting job next tries; null while active or paused by a person.</summary>
    public DateTimeOffset? NextProbeAt { get; init; }

    /// <summary>Calls now under way, over all nodes.</summary>
    public required int InFlight { get; init; }
    public required EndpointLimits Limits { get; init; }
}

/// <summary>
/// The pace now in force, over all nodes: the slower of what is configured and what the endpoint's answers taught. Null means unlimited.
/// </summary>
public sealed record EndpointLimits(double? ImagesPerMinute, double? TokensPerMinute, int? MaxInFlight)
{
    /// <summary>Null where the pace is left to be learned.</summary>
    public double? ConfiguredImagesPerMinute { get; init; }
    public double? ConfiguredTokensPerMinute { get; init; }

    /// <summary>Until when the endpoint asked us to wait; null when it did not, or the time has passed.</summary>
    public DateTimeOffset? HeldUntil { get; init; }
}

/// <summary>The body of a pause; it may be left out.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record PauseEndpoint
{
    /// <summary>For whoever wonders why nothing moves; at most 500 characters.</summary>
    public string? Reason { get; init; }
}
