using System.Text.Json;
using System.Text.Json.Serialization;

namespace Darkroom.Client;

/// <summary>
/// What became of one line: a line of the output or error file, and an item of <c>GET /v1/batches/{id}/results</c>, whose <c>last_id</c> is
/// an opaque cursor.
/// </summary>
public sealed record BatchResult
{
    /// <summary><c>batch_req_</c> and hexadecimal digits.</summary>
    public required string Id { get; init; }
    public required string CustomId { get; init; }

    /// <summary>The endpoint's answer; null where the line ended without one.</summary>
    public BatchResponse? Response { get; init; }

    /// <summary>Why there is no result; null where there is one. Also where the endpoint's own refusal is in <see cref="Response"/>, beyond OpenAI.</summary>
    public BatchResultError? Error { get; init; }

    /// <summary>Beyond OpenAI: the line's job.</summary>
    public required string JobId { get; init; }

    /// <summary>Beyond OpenAI: how the job ended.</summary>
    public required string Status { get; init; }
}

/// <param name="StatusCode">HTTP.</param>
/// <param name="RequestId">The endpoint's own name for the call.</param>
public sealed record BatchResponse(int StatusCode, string? RequestId, BatchResponseBody Body);

/// <summary>The endpoint's answer in its own shape, pictures as links or base64.</summary>
public sealed record BatchResponseBody
{
    /// <summary>Unix seconds.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Created { get; init; }

    /// <summary>Null where the endpoint refused.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<BatchPicture>? Data { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? OutputFormat { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Quality { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Size { get; init; }

    /// <summary>As the endpoint sent it; rewritten without white space, since a result is one line of a file.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonElement? Usage { get; init; }

    /// <summary>Why the endpoint refused; null where it did not.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ErrorDetail? Error { get; init; }
}

/// <summary>One picture of a result: a link, or base64 where the batch asked for it; never both.</summary>
public sealed record BatchPicture
{
    /// <summary>Absolute and signed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Url { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? B64Json { get; init; }
}

/// <param name="Code">The endpoint's or Darkroom's word, such as <c>moderation_blocked</c> or <c>batch_expired</c>.</param>
public sealed record BatchResultError(string? Code, string? Message);
