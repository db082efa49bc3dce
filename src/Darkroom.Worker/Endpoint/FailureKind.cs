namespace Darkroom.Worker.Endpoint;

/// <summary>
/// Every way a call can end without a picture. What each one means for money, for the job and for the endpoint is one line of
/// <see cref="FailureTable"/>; the page behind it is <c>docs/calling.md</c>.
/// </summary>
internal enum FailureKind
{
    /// <summary>400 with <c>moderation_blocked</c>: the prompt or a picture was refused.</summary>
    ModerationBlocked,

    /// <summary>400, 404, 409, 413, 415, 422, 451: the request is wrong, and will be wrong again.</summary>
    InvalidRequest,

    /// <summary>401: our key is wrong.</summary>
    KeyRefused,

    /// <summary>403: this prompt or model is not ours to use; or, if it goes on for different jobs, the key.</summary>
    Forbidden,

    /// <summary>402, or a 400, 403 or 429 whose code says so: the account has no money left or reached its spending limit.</summary>
    OutOfMoney,

    /// <summary>Any other 429.</summary>
    RateLimited,

    /// <summary>503.</summary>
    Busy,

    /// <summary>3xx: the base URL is not the endpoint's. Never followed: the key would travel to another place.</summary>
    Redirected,

    /// <summary>The host's name is not known (DNS). Nothing was sent.</summary>
    NameNotResolved,

    /// <summary>No connection: refused, unreachable, or not made within <c>ConnectTimeout</c>. Nothing was sent.</summary>
    ConnectFailed,

    /// <summary>The TLS handshake failed: certificate, name or protocol. Nothing was sent.</summary>
    TlsFailed,

    /// <summary>The node's own heartbeat was too old to call: others may already have judged it dead. Nothing was sent.</summary>
    HeartbeatStale,

    /// <summary>Cancelled, or the node stopped, before the first byte left.</summary>
    AbortedUnsent,

    /// <summary>The connection broke while the request was being sent.</summary>
    SendBroken,

    /// <summary>The connection broke after the request was sent, before the answer's headers.</summary>
    ConnectionLost,

    /// <summary>What came back is not HTTP.</summary>
    NotHttp,

    /// <summary>No byte of a body within <c>Timeout</c>.</summary>
    TimedOut,

    /// <summary>500: the endpoint broke.</summary>
    ServerError,

    /// <summary>408, 502, 504, 520 to 529: something between us and the endpoint gave up.</summary>
    GatewayError,

    /// <summary>Any status that is not listed here.</summary>
    UnexpectedStatus,

    /// <summary>200, and the body ended before its JSON did.</summary>
    BodyCut,

    /// <summary>200, and the body is no JSON, or compressed in a way that cannot be read.</summary>
    BodyUnreadable,

    /// <summary>200, and the body is larger than <c>Darkroom:Decoding</c> allows.</summary>
    BodyTooLarge,

    /// <summary>200, and the body stopped coming for <c>IdleTimeout</c>.</summary>
    BodyStalled,

    /// <summary>200, and the body was still coming after twice <c>Timeout</c>.</summary>
    BodyOverdue,

    /// <summary>200, and a picture could not be written to the spool: the disk is full or failing.</summary>
    SpoolFailed,

    /// <summary>The job was cancelled while its call was in flight.</summary>
    Canceled,

    /// <summary>The node stopped while the call was in flight, its drain time over.</summary>
    ShutDown,

    /// <summary>The node died with the call in flight; said by the node that rescued the job.</summary>
    NodeLost,

    /// <summary>200 with an error in its body.</summary>
    ErrorInBody,

    /// <summary>200 without pictures.</summary>
    NoPictures,

    /// <summary>200 with pictures of which none is whole and decodable.</summary>
    NoGoodPicture,
}
