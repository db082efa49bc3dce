using Darkroom.Migrations.Rows;
using static Darkroom.Migrations.Rows.AttemptStatus;
using static Darkroom.Worker.Endpoint.Billing;
using static Darkroom.Worker.Endpoint.EndpointEffect;
using static Darkroom.Worker.Endpoint.FailureKind;
using static Darkroom.Worker.Endpoint.FailureStage;
using static Darkroom.Worker.Endpoint.RetryClass;
using Party = Darkroom.Worker.Endpoint.FailureParty;

namespace Darkroom.Worker.Endpoint;

/// <summary>What each kind of failure means, one line for each; the reasons are in <c>docs/calling.md</c>.</summary>
internal static class FailureTable
{
    public static FailureTraits Of(FailureKind kind) => Rows[(int)kind];

    static readonly FailureTraits[] Rows = [.. Enum.GetValues<FailureKind>().Select(Row)];

    static FailureTraits Row(FailureKind kind) => kind switch
    {
        ModerationBlocked => Refused(Party.Prompt, counts: true, Never, None),
        InvalidRequest => Refused(Party.Prompt, counts: true, Never, None),
        Forbidden => Refused(Party.Account, counts: true, Never, PauseAfterThree),
        KeyRefused => Refused(Party.Account, counts: false, WhenEndpointAllows, Pause),
        OutOfMoney => Refused(Party.Account, counts: false, WhenEndpointAllows, Pause),
        Redirected => Refused(Party.Us, counts: false, WhenEndpointAllows, Pause),

        RateLimited => new(Status, Party.Account, No, Throttled, Counts: false, CountsAsUnknown: false, WhenEndpointAllows, HoldBack),
        Busy => new(Status, Party.Endpoint, No, Throttled, Counts: false, CountsAsUnknown: false, WhenEndpointAllows, HoldBack),

        NameNotResolved => NeverLeft(Connect, Party.Network, Gate),
        ConnectFailed => NeverLeft(Connect, Party.Network, Gate),
        TlsFailed => NeverLeft(Tls, Party.Network, Gate),
        HeartbeatStale => NeverLeft(Preflight, Party.Us, None),
        AbortedUnsent => NeverLeft(Preflight, Party.Us, None),

        SendBroken => MayBeBilled(Send, Party.Network, AfterBackoff),
        ConnectionLost => MayBeBilled(Wait, Party.Network, AfterBackoff),
        NotHttp => MayBeBilled(Wait, Party.Gateway, AfterBackoff),
        TimedOut => MayBeBilled(Wait, Party.Endpoint, AfterBackoff),
        ServerError => MayBeBilled(Status, Party.Endpoint, AfterBackoff),
        GatewayError => MayBeBilled(Status, Party.Gateway, AfterBackoff),
        UnexpectedStatus => MayBeBilled(Status, Party.Endpoint, AfterBackoff),
        BodyCut => MayBeBilled(Body, Party.Network, AfterBackoff),
        BodyUnreadable => MayBeBilled(Body, Party.Endpoint, AfterBackoff),
        BodyTooLarge => MayBeBilled(Body, Party.Us, AfterBackoff),
        BodyStalled => MayBeBilled(Body, Party.Network, AfterBackoff),
        BodyOverdue => MayBeBilled(Body, Party.Endpoint, AfterBackoff),
        SpoolFailed => MayBeBilled(Spool, Party.Us, AfterBackoff),
        Canceled => MayBeBilled(Wait, Party.Us, AfterBackoff),
        ShutDown => MayBeBilled(Wait, Party.Us, AtOnce),
        NodeLost => MayBeBilled(Wait, Party.Us, AtOnce),

        ErrorInBody => BilledAndUseless(Party.Endpoint),
        NoPictures => BilledAndUseless(Party.Endpoint),
        NoGoodPicture => BilledAndUseless(Party.Endpoint),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "No line in the failure table."),
    };

    static FailureTraits Refused(Party party, bool counts, RetryClass retry, EndpointEffect effect) =>
        new(Status, party, No, Rejected, counts, CountsAsUnknown: false, retry, effect);

    static FailureTraits NeverLeft(FailureStage stage, Party party, EndpointEffect effect) =>
        new(stage, party, No, Undelivered, Counts: false, CountsAsUnknown: false, WhenEndpointAllows, effect);

    static FailureTraits MayBeBilled(FailureStage stage, Party party, RetryClass retry) =>
        new(stage, party, Billing.Unknown, AttemptStatus.Unknown, Counts: true, CountsAsUnknown: true, retry, None);

    static FailureTraits BilledAndUseless(Party party) =>
        new(Decode, party, Yes, Failed, Counts: true, CountsAsUnknown: true, AfterBackoff, None);
}
