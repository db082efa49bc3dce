using System.Text.Json.Nodes;

namespace Darkroom.Simulator.Contract;

/// <summary>An error as the endpoint words it.</summary>
internal sealed record ApiError(int Status, string Type, string? Code, string Message, string? Param = null)
{
    /// <summary>When the caller may come again; sent as <c>Retry-After</c> and <c>retry-after-ms</c>.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Members beside the four standard ones, such as <c>moderation_details</c>.</summary>
    public JsonObject? More { get; init; }

    public static ApiError Invalid(string? code, string message, string? param = null) =>
        new(400, "invalid_request_error", code, message, param);

    public byte[] ToJson()
    {
        var error = new JsonObject { ["message"] = Message, ["type"] = Type, ["param"] = Param, ["code"] = Code };
        foreach (var (name, value) in More ?? [])
            error[name] = value?.DeepClone();
        return Json.Bytes(new JsonObject { ["error"] = error });
    }
}
