using Darkroom.Worker.Database;

namespace Darkroom.Worker.Api;

/// <summary>
/// Every answer that is an error has the one error body: what a route threw is translated here and nowhere else, and an error status
/// without a body (unknown route, wrong method) gets one.
/// </summary>
internal sealed partial class ErrorBoundary(RequestDelegate next, ILogger<ErrorBoundary> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
            if (!context.Response.HasStarted && Bodyless(context) is { } error)
            {
                await error.ExecuteAsync(context);
            }
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // The caller is gone and hears no answer.
        }
        catch (Exception exception) when (!context.Response.HasStarted)
        {
            context.Response.Clear();
            await Translate(exception, context.Request).ExecuteAsync(context);
        }
    }

    static ApiError? Bodyless(HttpContext context) =>
        context.Response.ContentLength is not null || context.Response.ContentType is not null
            ? null
            : context.Response.StatusCode switch
            {
                404 => ApiError.NotFound($"There is no {context.Request.Method} {context.Request.Path} here. See /docs."),
                405 => new(405, "invalid_request_error", "method_not_allowed",
                    $"{context.Request.Path} does not take {context.Request.Method}; it takes {context.Response.Headers.Allow}."),
                415 => ApiError.UnsupportedMediaType("Send the body as application/json."),
                _ => null,
            };

    ApiError Translate(Exception exception, HttpRequest request)
    {
        if (exception is BadHttpRequestException bad)
        {
            return bad.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? ApiError.TooLarge("The body is longer than this call takes, or than this key may send.")
                : new(bad.StatusCode, "invalid_request_error", "bad_request", bad.Message);
        }
        if (DatabaseOutage.Explains(exception))
        {
            Log.DatabaseUnreachable(logger, request.Method, request.Path, exception.GetBaseException().Message);
            return ApiError.Unavailable("The database does not answer. Try again shortly; a submission with an Idempotency-Key is not doubled.");
        }
        Log.Unexpected(logger, exception, request.Method, request.Path);
        return new(500, "server_error", "internal_error", "Something broke on our side. It is in the log.");
    }

    static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "{Method} {Path}: the database does not answer: {Reason}")]
        public static partial void DatabaseUnreachable(ILogger logger, string method, PathString path, string reason);

        [LoggerMessage(LogLevel.Error, "{Method} {Path} failed")]
        public static partial void Unexpected(ILogger logger, Exception exception, string method, PathString path);
    }
}
