using Darkroom.Client;

namespace Darkroom.Worker.Api;

/// <summary>
/// A refusal or failure as the caller sees it: the one place that knows the body's shape. Routes return it as they return any result.
/// </summary>
internal sealed record ApiError(int Status, string Type, string? Code, string Message, string? Param = null) : IResult
{
    const string InvalidRequest = "invalid_request_error";

    /// <summary>Every wrong field, the first of which is <see cref="Param"/>.</summary>
    public IReadOnlyList<FieldError>? Fields { get; init; }

    /// <summary>Told to the caller in whole seconds.</summary>
    public TimeSpan? RetryAfter { get; init; }

    public static ApiError BadRequest(string code, string message) => new(400, InvalidRequest, code, message);

    public static ApiError Invalid(string param, string message, string code = "invalid_value") =>
        new(400, InvalidRequest, code, message, param) { Fields = [new(param, message)] };

    /// <summary>Names all wrong fields at once; <paramref name="faults"/> has at least one.</summary>
    public static ApiError Invalid(IReadOnlyList<Fault> faults)
    {
        var first = faults[0];
        var more = faults.Count > 1 ? $" ({faults.Count - 1} more in errors)" : "";
        return new(400, InvalidRequest, first.Code, first.Message + more, first.Param)
        {
            Fields = first.Param is null ? null : [.. faults.Where(f => f.Param is not null).Select(f => new FieldError(f.Param!, f.Message))],
        };
    }

    public static ApiError Unauthorized(string message) => new(401, "authentication_error", "invalid_api_key", message);

    public static ApiError Forbidden(string message) => new(403, "permission_error", "insufficient_scope", message);

    public static ApiError NotFound(string message) => new(404, "not_found_error", "not_found", message);

    public static ApiError Conflict(string code, string message) => new(409, "conflict_error", code, message);

    public static ApiError Gone(string message) => new(410, "not_found_error", "gone", message);

    public static ApiError TooLarge(string message) => new(413, InvalidRequest, "request_too_large", message);

    public static ApiError UnsupportedMediaType(string message) => new(415, InvalidRequest, "unsupported_media_type", message);

    public static ApiError TooManyRequests(string message, TimeSpan wait) =>
        new(429, "rate_limit_error", "rate_limit_exceeded", message) { RetryAfter = wait };

    public static ApiError Unavailable(string message) =>
        new(503, "server_error", "unavailable", message) { RetryAfter = TimeSpan.FromSeconds(5) };

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = Status;
        if (RetryAfter is { } wait)
        {
            httpContext.Response.Headers.RetryAfter = ((long)Math.Ceiling(wait.TotalSeconds)).ToString();
        }
        await httpContext.Response.WriteAsJsonAsync(
            new ErrorBody(new(Type, Code, Message, Param) { Errors = Fields }), DarkroomJson.Answers.ErrorBody);
    }
}

/// <summary>What is wrong with a request: the field's name (null: the whole body), a word for programs and a sentence for people.</summary>
internal readonly record struct Fault(string? Param, string Code, string Message);
