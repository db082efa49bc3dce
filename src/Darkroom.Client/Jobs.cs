using System.Text.Json;
using System.Text.Json.Serialization;

namespace Darkroom.Client;

/// <summary>A job as the API tells it. Every field is always present; times are RFC 3339 in UTC.</summary>
public sealed record Job
{
    /// <summary><c>job_</c> and 32 hexadecimal digits that sort by time.</summary>
    public required string Id { get; init; }

    /// <summary>Always <c>job</c>.</summary>
    public string Object { get; init; } = "job";

    /// <summary><c>queued</c>, <c>running</c>, <c>succeeded</c>, <c>failed</c>, <c>canceled</c> or <c>held</c> (a person must decide).</summary>
    public required string Status { get; init; }
    public string? CustomId { get; init; }
    public string? BatchId { get; init; }
    public required string Model { get; init; }
    public required string Prompt { get; init; }

    /// <summary>As asked for; <c>result.quality</c> is what came.</summary>
    public required string Quality { get; init; }
    public required int N { get; init; }

    /// <summary>As asked for; <c>result.size</c> is what came.</summary>
    public required string Size { get; init; }

    /// <summary>What the endpoint answered; null until the job has succeeded.</summary>
    public JobResult? Result { get; init; }

    /// <summary>The pictures, in the order of the endpoint's answer.</summary>
    public IReadOnlyList<JobImage> Images { get; init; } = [];

    /// <summary>Of the attempt that won, to the letter as the endpoint sent it; null if it sent none.</summary>
    [JsonConverter(typeof(RawJson))]
    public JsonElement? Usage { get; init; }
    public required JobCost Cost { get; init; }

    /// <summary>Attempts made so far, of any outcome.</summary>
    public required int Attempts { get; init; }
    public JobError? Error { get; init; }
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>0 (first) to 9.</summary>
    public required int Priority { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>When the job may next be called: its <c>not_before</c>, then the end of each backoff.</summary>
    public required DateTimeOffset DueAt { get; init; }
    public string? WebhookUrl { get; init; }
}

/// <summary>What the endpoint answered.</summary>
/// <param name="Created">Unix seconds, by the endpoint's clock; null if it sent none.</param>
/// <param name="OutputFormat"><c>png</c>, <c>webp</c> or <c>jpeg</c>.</param>
/// <param name="Quality">What <c>auto</c> became.</param>
/// <param name="Size">What <c>auto</c> became.</param>
/// <param name="Partial">True where fewer good pictures came than were asked for.</param>
public sealed record JobResult(long? Created, string? OutputFormat, string? Quality, string? Size, bool Partial);

/// <summary>One stored picture.</summary>
/// <param name="Index">Its place in the endpoint's answer, from 0.</param>
/// <param name="Url">Absolute; needs a key unless it carries a signature.</param>
/// <param name="Bytes">Length of the file.</param>
/// <param name="Sha256">Of the file, in lowercase hexadecimal.</param>
/// <param name="Width">Pixels.</param>
/// <param name="Height">Pixels.</param>
public sealed record JobImage(int Index, string Url, string ContentType, long Bytes, string Sha256, int Width, int Height);

/// <summary>What a job has cost.</summary>
/// <param name="Currency">ISO 4217.</param>
/// <param name="Amount">Over all attempts with known usage; null where the model has no price.</param>
/// <param name="Possible">Estimate for attempts that may have been billed unseen; null where the model has no price.</param>
public sealed record JobCost(string Currency, decimal? Amount, decimal? Possible);

/// <summary>Why a job failed or is held, or what its last attempt met.</summary>
/// <param name="Stage">Where on the path it happened.</param>
/// <param name="HttpStatus">The endpoint's status, where it answered.</param>
/// <param name="RequestId">The endpoint's own name for the call, for its support desk.</param>
public sealed record JobError(string? Code, string? Message, string? Stage, int? HttpStatus, string? RequestId);
