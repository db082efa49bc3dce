namespace Darkroom.Migrations.Rows;

/// <summary>What the cluster knows of one configured endpoint: whether calls may go there now, why not, and at what pace.</summary>
public sealed class Endpoint
{
    public required string Name { get; init; }

    /// <summary>One of <see cref="EndpointState"/>.</summary>
    public required string State { get; init; }
    public string? Reason { get; init; }
    public DateTimeOffset Since { get; init; }

    /// <summary>When a paused or gated endpoint may be tried next with one job.</summary>
    public DateTimeOffset? NextProbeAt { get; init; }

    /// <summary>Probes since the pause or gate began; the wait doubles with each.</summary>
    public int Probes { get; init; }

    /// <summary>The one waiting job that may pass a gate or a pause now, to find out whether it still stands.</summary>
    public Guid? ProbeJobId { get; init; }

    /// <summary>The job whose call paused the endpoint; it is never the probe.</summary>
    public Guid? LastFailedJobId { get; init; }

    /// <summary>The different jobs refused with 403 since the last call that was not; three pause the endpoint.</summary>
    public Guid[] ForbiddenJobs { get; init; } = [];

    /// <summary>No admissions before this time: the endpoint asked us to wait.</summary>
    public DateTimeOffset? HoldUntil { get; init; }

    /// <summary>Throttled answers in a row, for backoff where no time to wait was given.</summary>
    public int Throttles { get; init; }

    /// <summary>Images a minute as learned from 429s and limit headers; null while the configured figure stands.</summary>
    public double? LearnedImagesPerMinute { get; init; }

    /// <summary>Tokens a minute as learned from limit headers; null while the configured figure stands.</summary>
    public double? LearnedTokensPerMinute { get; init; }

    /// <summary>When the learned pace was last lowered or raised.</summary>
    public DateTimeOffset? LearnedAt { get; init; }

    /// <summary>Images that may be asked for now; negative after a job larger than the bucket.</summary>
    public double ImagesBalance { get; init; }
    public double TokensBalance { get; init; }
    public DateTimeOffset BalanceAt { get; init; }
}

public static class EndpointState
{
    public const string Active = "active";

    /// <summary>Calls do not get out (connection refused, DNS, TLS): one at a time tries until one gets through.</summary>
    public const string Gated = "gated";

    /// <summary>Calls are refused for a reason that outlasts one job (key, money, base URL, a person): jobs wait, probes try.</summary>
    public const string Paused = "paused";
}
