using System.Text.Json.Serialization;

namespace Darkroom.Client;

/// <summary>The body of every refusal and failure, in the shape that OpenAI clients parse.</summary>
public sealed record ErrorBody(ErrorDetail Error);

/// <summary>What went wrong, for a program (<paramref name="Type"/>, <paramref name="Code"/>) and for a person.</summary>
/// <param name="Type"><c>invalid_request_error</c>, <c>authentication_error</c>, <c>permission_error</c>, <c>not_found_error</c>,
/// <c>conflict_error</c>, <c>rate_limit_error</c> or <c>server_error</c>.</param>
/// <param name="Code">A word for programs, such as <c>unknown_parameter</c>; null where the type says it all.</param>
/// <param name="Message">A sentence that says what to do.</param>
/// <param name="Param">The first wrong field; null where no field is at fault.</param>
public sealed record ErrorDetail(string Type, string? Code, string Message, string? Param)
{
    /// <summary>Every wrong field; absent where no field is at fault.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<FieldError>? Errors { get; init; }
}

/// <summary>One wrong field of a request.</summary>
public sealed record FieldError(string Param, string Message);
