using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using Darkroom.Worker.Api;

namespace Darkroom.Worker.Submission;

/// <summary>What makes a repeated submission the same one: the caller's key, and what the request means whatever its spelling.</summary>
internal static class Idempotency
{
    public const string Header = "Idempotency-Key";

    /// <summary>Told on an answer that repeats an earlier one.</summary>
    public const string ReplayedHeader = "Idempotency-Replayed";

    /// <summary>The key, null where none is sent; a key that cannot be kept is refused.</summary>
    public static ApiError? Read(HttpRequest request, out string? key)
    {
        const int Longest = 255;
        var values = request.Headers[Header];
        key = values is [{ } only] ? only : null;
        return values.Count == 0 || (key is { Length: > 0 and <= Longest } && key.All(c => c is > ' ' and <= '~'))
            ? null
            : ApiError.Invalid(Header, $"'{Header}' must be one value of 1 to {Longest} visible ASCII characters.");
    }

    public static ApiError Reused() => ApiError.Conflict("idempotency_key_reused",
        $"This {Header} was used within the last 24 hours for another request. Take a new key for a new request.");

    /// <summary>
    /// SHA-256 of the canonical body: fields in the list's order, defaults filled in, times in UTC, nulls left out. A parameter added
    /// later must be null by default: keys given before an upgrade then still match after it.
    /// </summary>
    public static byte[] Sha256Of(SubmittedJob job) => Sha256Of(job, Parameters.Job);

    /// <inheritdoc cref="Sha256Of(SubmittedJob)"/>
    public static byte[] Sha256Of<T>(T request, IEnumerable<Parameter<T>> parameters)
    {
        var canonical = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(canonical))
        {
            writer.WriteStartObject();
            foreach (var parameter in parameters)
                parameter.Write(writer, parameter.Name, request);
            writer.WriteEndObject();
        }
        return SHA256.HashData(canonical.WrittenSpan);
    }
}
