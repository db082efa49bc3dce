using System.Text.Json.Nodes;
using Darkroom.Simulator.Answers;
using Darkroom.Simulator.Contract;

namespace Darkroom.Simulator.Faults;

/// <summary>Refusals with the endpoint's own error body.</summary>
internal static class Refusals
{
    private const string Overloaded = "The engine is currently overloaded, please try again later.";

    public static IReadOnlyList<FaultKind> All { get; } =
    [
        new("moderation_blocked", "400: the prompt is refused, with moderation_details (stage=input|output)", Moderation)
        {
            AtOnce = true,
            Arguments = ["stage"],
        },
        Refusal("invalid_api_key", "401: the key is wrong", ApiKeys.Incorrect),
        Refusal("payment_required", "402: out of money",
            new ApiError(402, "insufficient_quota", "payment_required", "Your account has insufficient funds.")),
        Refusal("forbidden", "403: this model is not ours",
            new ApiError(403, "invalid_request_error", "model_not_found", "Your project does not have access to this model.")),
        OutOfMoney("insufficient_quota", "You exceeded your current quota, please check your plan and billing details."),
        OutOfMoney("credit_balance_exhausted", "Your credit balance is exhausted."),
        OutOfMoney("billing_hard_limit_reached", "Billing hard limit has been reached."),
        OutOfMoney("organization_usage_limit_exceeded", "Your organization has reached its usage limit."),
        Refusal("rate_limit_exceeded", "429: too fast, back in a second (or as retry_after and the like say; retry_after=none for no time)",
            new ApiError(429, "requests", "rate_limit_exceeded", "Rate limit reached for images per min. Please try again later.")
            {
                RetryAfter = TimeSpan.FromSeconds(1),
            }),
        Refusal("slow_down", "429: too fast, without a time", new ApiError(429, "requests", "slow_down", "Please slow down.")),
        Refusal("busy", "503: overloaded", new ApiError(503, "service_unavailable", null, Overloaded)),
        new("redirect", "a redirect (status=302, location=/elsewhere)", Redirect) { AtOnce = true, Arguments = ["location"] },
    ];

    /// <summary>Any name that ends in <c>_spend_limit_exceeded</c>.</summary>
    public static FaultKind SpendLimit(string name) => OutOfMoney(name, "Your spend limit has been reached.");

    /// <summary>Any status, with the body the endpoint gives it.</summary>
    public static FaultKind Status(int status) => new($"http_{status}", $"status {status}", (_, _) => StatusAnswer(status))
    {
        // Such answers come after the work was begun; the rest are refusals.
        AtOnce = status is not (408 or 500 or 502 or 504 or >= 520),
    };

    private static FaultKind Refusal(string name, string what, ApiError error) =>
        new(name, what, (_, _) => Answer.Of(error)) { AtOnce = true };

    private static FaultKind OutOfMoney(string code, string message) =>
        Refusal(code, "429: out of money", new ApiError(429, "insufficient_quota", code, message));

    private static Answer Moderation(Answer answer, Strike strike)
    {
        var details = new JsonObject { ["moderation_stage"] = strike["stage"] ?? "input", ["categories"] = new JsonArray("violence") };
        return Answer.Of(new ApiError(400, "image_generation_user_error", "moderation_blocked",
            "Your request was rejected by the safety system. If you believe this is an error, contact support and include the request ID.")
        {
            More = new JsonObject { ["moderation_details"] = details },
        });
    }

    private static Answer Redirect(Answer answer, Strike strike) => new(302, new OtherBody(""))
    {
        ContentType = "text/html",
        Headers = answer.Headers.Add("Location", strike["location"] ?? "/elsewhere"),
    };

    private static Answer StatusAnswer(int status)
    {
        if (status is 204 or 205 or 304)
            return new Answer(status, new OtherBody()) { ContentType = null };
        var (type, code, message) = status switch
        {
            429 => ("requests", "rate_limit_exceeded", "Rate limit reached. Please try again later."),
            503 => ("service_unavailable", null, Overloaded),
            >= 500 => ("server_error", null, "The server had an error while processing your request. Sorry about that!"),
            _ => ("invalid_request_error", (string?)null, $"The request was answered with status {status}."),
        };
        return Answer.Of(new ApiError(status, type, code, message));
    }
}
