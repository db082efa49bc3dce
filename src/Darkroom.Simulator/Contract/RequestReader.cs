using System.Text.Json;

namespace Darkroom.Simulator.Contract;

/// <summary>Reads and validates a request in the documented order; the first wrong thing is the answer, as at the real endpoint.</summary>
internal sealed class RequestReader(SimulatorOptions options)
{
    private static readonly HashSet<string> Fields = ["model", "prompt", "quality", "n", "size"];

    public async Task<(GenerationRequest? Request, ApiError? Error)> ReadAsync(HttpRequest request, CancellationToken cancel)
    {
        if (!request.HasJsonContentType())
            return (null, new ApiError(415, "invalid_request_error", "unsupported_content_type",
                $"Unsupported content type: '{request.ContentType}'. This API method only accepts 'application/json' requests."));
        try
        {
            using var document = await JsonDocument.ParseAsync(request.Body, cancellationToken: cancel);
            return Validate(document.RootElement);
        }
        // The second is what member names throw that are not Unicode.
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException)
        {
            return (null, ApiError.Invalid(null, "We could not parse the JSON body of your request."));
        }
        catch (BadHttpRequestException wrong)
        {
            return (null, new ApiError(wrong.StatusCode, "invalid_request_error", null, wrong.Message));
        }
    }

    private (GenerationRequest?, ApiError?) Validate(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
            return (null, ApiError.Invalid(null, "We could not parse the JSON body of your request: it must be an object."));
        foreach (var member in root.EnumerateObject())
            if (!Fields.Contains(member.Name))
                return (null, ApiError.Invalid("unknown_parameter", $"Unknown parameter: '{member.Name}'.", member.Name));

        if (Text(root, "model", null, out var modelName) is { } noModel)
            return (null, noModel);
        if (options.Models.FirstOrDefault(known => known.Name == modelName) is not { } model)
            return (null, Unsupported("model", modelName, options.Models.Select(known => known.Name)));
        if (Text(root, "prompt", null, out var prompt) is { } noPrompt)
            return (null, noPrompt);
        if (WrongLength(prompt, model.PromptLimit) is { } wrongLength)
            return (null, wrongLength);
        if (Choice(root, "quality", Catalog.Qualities, options.AutoQuality, out var quality) is { } badQuality)
            return (null, badQuality);
        if (Count(root, out var n) is { } badCount)
            return (null, badCount);
        if (Choice(root, "size", Catalog.Sizes, options.AutoSize, out var size) is { } badSize)
            return (null, badSize);
        return (new GenerationRequest(model, prompt, quality, n, size), null);
    }

    private static ApiError? Text(JsonElement root, string name, string? missing, out string value)
    {
        value = missing ?? "";
        if (!root.TryGetProperty(name, out var element) || (element.ValueKind == JsonValueKind.Null && missing is not null))
            return missing is null ? ApiError.Invalid("missing_required_parameter", $"Missing required parameter: '{name}'.", name) : null;
        if (element.ValueKind != JsonValueKind.String)
            return WrongType(name, "a string", element);
        try
        {
            value = element.GetString()!;
            return null;
        }
        catch (InvalidOperationException)
        {
            return ApiError.Invalid("invalid_string", $"Invalid '{name}': it holds a lone surrogate.", name);
        }
    }

    private static ApiError? WrongLength(string prompt, int limit)
    {
        if (prompt.Length == 0)
            return ApiError.Invalid("string_below_min_length",
                "Invalid 'prompt': empty string. Expected a string with minimum length 1, but got an empty string instead.", "prompt");
        var length = prompt.Length <= limit ? prompt.Length : prompt.EnumerateRunes().Count();
        return length <= limit ? null : ApiError.Invalid("string_above_max_length",
            $"Invalid 'prompt': string too long. Expected a string with maximum length {limit}, but got a string with length {length} instead.",
            "prompt");
    }

    private static ApiError? Choice(JsonElement root, string name, IReadOnlyList<string> supported, string auto, out string value)
    {
        if (Text(root, name, "auto", out value) is { } wrong)
            return wrong;
        if (value == "auto")
            value = auto;
        return supported.Contains(value) ? null : Unsupported(name, value, supported.Append("auto"));
    }

    private static ApiError? Count(JsonElement root, out int n)
    {
        n = 1;
        if (!root.TryGetProperty("n", out var element) || element.ValueKind == JsonValueKind.Null)
            return null;
        if (element.ValueKind != JsonValueKind.Number || !element.TryGetInt32(out n))
            return WrongType("n", "an integer", element);
        return n switch
        {
            < 1 => ApiError.Invalid("integer_below_min_value",
                $"Invalid 'n': integer below minimum value. Expected a value >= 1, but got {n} instead.", "n"),
            > 10 => ApiError.Invalid("integer_above_max_value",
                $"Invalid 'n': integer above maximum value. Expected a value <= 10, but got {n} instead.", "n"),
            _ => null,
        };
    }

    private static ApiError Unsupported(string name, string value, IEnumerable<string> supported) => ApiError.Invalid("invalid_value",
        $"Invalid value: '{value}'. Supported values are: {string.Join(", ", supported.Select(one => $"'{one}'"))}.", name);

    private static ApiError WrongType(string name, string expected, JsonElement got) => ApiError.Invalid("invalid_type",
        $"Invalid type for '{name}': expected {expected}, but got {Describe(got)} instead.", name);

    private static string Describe(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Null => "null",
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        JsonValueKind.Array => "an array",
        JsonValueKind.Object => "an object",
        JsonValueKind.String => "a string",
        _ => element.TryGetInt64(out _) ? "an integer" : "a decimal number",
    };
}
