namespace Darkroom.Simulator.Contract;

internal static class ApiKeys
{
    /// <summary>The 401 for a request without an accepted bearer key, or null. The key itself is never echoed.</summary>
    public static ApiError? Refuse(HttpRequest request, SimulatorOptions options)
    {
        var header = request.Headers.Authorization.ToString();
        var key = header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? header[7..].Trim() : "";
        if (key.Length == 0)
            return new ApiError(401, "invalid_request_error", null,
                "You didn't provide an API key. Provide it in an Authorization header using Bearer auth (Authorization: Bearer YOUR_KEY).");
        return options.ApiKeys.Count == 0 || options.ApiKeys.Contains(key) ? null : Incorrect;
    }

    public static ApiError Incorrect { get; } = new(401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided.");
}
