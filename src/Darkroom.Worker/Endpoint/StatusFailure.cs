namespace Darkroom.Worker.Endpoint;

/// <summary>What an answer with a status other than 200 means.</summary>
internal static class StatusFailure
{
    const string SpendLimitSuffix = "_spend_limit_exceeded";

    const string Then = "then resume the endpoint or wait for its next probe.";

    static readonly string[] MoneyCodes =
        ["insufficient_quota", "credit_balance_exhausted", "billing_hard_limit_reached", "organization_usage_limit_exceeded"];

    /// <summary>Any status but 200.</summary>
    public static FailureKind KindOf(int status, ErrorBody body) => status switch
    {
        402 => FailureKind.OutOfMoney,
        // Documented for 429; OpenAI's own image endpoint says billing_hard_limit_reached with 400, and the code is the plainer statement.
        400 or 403 or 429 when IsMoney(body.Code ?? body.Type) => FailureKind.OutOfMoney,
        400 when body.Code == "moderation_blocked" => FailureKind.ModerationBlocked,
        400 or 404 or 409 or 413 or 415 or 422 or 451 => FailureKind.InvalidRequest,
        401 => FailureKind.KeyRefused,
        403 => FailureKind.Forbidden,
        429 => FailureKind.RateLimited,
        503 => FailureKind.Busy,
        >= 300 and < 400 => FailureKind.Redirected,
        500 => FailureKind.ServerError,
        408 or 502 or 504 or (>= 520 and <= 529) => FailureKind.GatewayError,
        _ => FailureKind.UnexpectedStatus,
    };

    public static string Message(FailureKind kind, int status, string endpoint, string? location) => kind switch
    {
        FailureKind.ModerationBlocked => "The endpoint's safety system refused the prompt; it would again.",
        FailureKind.InvalidRequest => $"The endpoint refused the request with status {status}; it would again.",
        FailureKind.KeyRefused =>
            $"The endpoint refused our API key ({status}). Correct the ApiKey of endpoint '{endpoint}', {Then}",
        FailureKind.Forbidden => $"The endpoint forbids this to our account ({status}): the model, the prompt, or the key.",
        FailureKind.OutOfMoney =>
            $"The account with endpoint '{endpoint}' has no money left or reached its spending limit ({status}). Top it up, {Then}",
        FailureKind.RateLimited => $"The endpoint says that we call too fast ({status}).",
        FailureKind.Busy => $"The endpoint is busy ({status}).",
        FailureKind.Redirected =>
            $"The endpoint redirects ({status}{(location is null ? "" : $" to {location}")}), which is never followed. "
            + $"Correct the BaseUrl of endpoint '{endpoint}', {Then}",
        _ => $"The endpoint answered with status {status}; the call may have been billed.",
    };

    static bool IsMoney(string? code) =>
        code is not null && (MoneyCodes.Contains(code) || code.EndsWith(SpendLimitSuffix, StringComparison.Ordinal));
}
