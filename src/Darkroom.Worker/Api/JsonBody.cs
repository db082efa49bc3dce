using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Darkroom.Worker.Submission;

namespace Darkroom.Worker.Api;

/// <summary>Reads the short bodies of calls that are not submissions: one object, whose wrong field is named.</summary>
internal static class JsonBody
{
    /// <param name="expected">Words for the message, such as <c>an object with "name"</c>.</param>
    /// <returns>The body, or why it cannot be read.</returns>
    public static async Task<(T? Body, ApiError? Refusal)> ReadAsync<T>(HttpRequest request, JsonTypeInfo<T> type, string expected, CancellationToken ct)
        where T : class
    {
        if (RequestBody.Refuse(request) is { } unreadable)
            return (null, unreadable);
        if (await RequestBody.ReadAsync(request, ct) is not { } body)
            return (null, RequestBody.TooLong());
        using (body)
        {
            try
            {
                return JsonSerializer.Deserialize(body.Bytes, type) is { } read ? (read, null) : (null, Malformed(expected, "."));
            }
            catch (JsonException e)
            {
                return (null, Refuse(e, type, expected));
            }
        }
    }

    static ApiError Refuse(JsonException e, JsonTypeInfo type, string expected)
    {
        // $.field, $.field[0] or, for a name with other characters, $['field'].
        var field = e.Path is ['$', '.' or '[', .. var rest] ? rest.Trim('[', ']', '\'').Split('[', '.')[0] : "";
        if (field is "")
            return Malformed(expected, $": {e.Message.Split(" LineNumber:")[0].Split(" Path:")[0]}");
        var known = type.Properties.Select(p => p.Name).ToList();
        return known.Contains(field)
            ? ApiError.Invalid(field, $"'{field}' has a value of the wrong type.", "invalid_type")
            : ApiError.Invalid(field, $"'{field}' is not a parameter of this call{Spelling.Suggest(field, known)}.", "unknown_parameter");
    }

    static ApiError Malformed(string expected, string why) => ApiError.BadRequest("invalid_json", $"The body must be {expected}{why}");
}
