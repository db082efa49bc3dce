namespace Darkroom.Worker.Endpoint;

/// <summary>What follows from a failure, whatever the answer said in words.</summary>
/// <param name="Stage">How far the call came.</param>
/// <param name="Party">Who can do something about it.</param>
/// <param name="Billing">Whether it was paid for.</param>
/// <param name="AttemptStatus">The attempt's end: one of <see cref="Darkroom.Migrations.Rows.AttemptStatus"/>.</param>
/// <param name="Counts">Towards <c>max_attempts</c>.</param>
/// <param name="CountsAsUnknown">Towards <c>max_unknown_attempts</c>.</param>
/// <param name="Retry">When the job is called again.</param>
/// <param name="Effect">What the other jobs of the endpoint notice.</param>
internal sealed record FailureTraits(
    FailureStage Stage, FailureParty Party, Billing Billing, string AttemptStatus, bool Counts, bool CountsAsUnknown, RetryClass Retry,
    EndpointEffect Effect)
{
    /// <summary>As <c>error.stage</c> in answers and rows.</summary>
    public string StageName => Stage.ToString().ToLowerInvariant();
}

/// <summary>The steps of a call, in order.</summary>
internal enum FailureStage
{
    /// <summary>Before the connection: decided by this node.</summary>
    Preflight,
    Connect,
    Tls,
    Send,

    /// <summary>Sent; no status yet.</summary>
    Wait,

    /// <summary>The status decided.</summary>
    Status,
    Body,

    /// <summary>The body came whole; what it holds decided.</summary>
    Decode,
    Spool,
}

internal enum FailureParty
{
    /// <summary>This node, its configuration or its people.</summary>
    Us,
    Network,

    /// <summary>A proxy or load balancer before the endpoint.</summary>
    Gateway,
    Endpoint,

    /// <summary>The account with the endpoint: key, money, limits.</summary>
    Account,

    /// <summary>What the job asks for.</summary>
    Prompt,
}

internal enum Billing
{
    No,
    Unknown,
    Yes,
}

internal enum RetryClass
{
    /// <summary>The job fails.</summary>
    Never,

    /// <summary>Due again after backoff, within the job's caps.</summary>
    AfterBackoff,

    /// <summary>Due again at once, within the job's caps: the fault was a node's, so that waiting would help nobody.</summary>
    AtOnce,

    /// <summary>Due at once, outside the caps: the endpoint's pause, gate or hold-back is what makes it wait.</summary>
    WhenEndpointAllows,
}

internal enum EndpointEffect
{
    None,

    /// <summary>Calls wait for a probe or a person.</summary>
    Pause,

    /// <summary>As <see cref="Pause"/>, once three different jobs in a row met it.</summary>
    PauseAfterThree,

    /// <summary>Calls wait until a time, then go slower.</summary>
    HoldBack,

    /// <summary>One call at a time until one gets through.</summary>
    Gate,
}
