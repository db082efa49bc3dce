using Darkroom.Simulator.Contract;

namespace Darkroom.Simulator;

internal static class UnknownRoute
{
    public static async Task AnswerAsync(HttpContext http)
    {
        var known = http.Request.Path == "/v1/images/generations";
        http.Response.StatusCode = known ? 405 : 404;
        http.Response.ContentType = "application/json";
        await http.Response.Body.WriteAsync(new ApiError(http.Response.StatusCode, "invalid_request_error", null,
            $"Invalid URL ({http.Request.Method} {http.Request.Path}).").ToJson());
    }
}
