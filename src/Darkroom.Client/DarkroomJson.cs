using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Darkroom.Client;

/// <summary>How wire types are written: snake_case, text in its own script.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(SubmitJob))]
[JsonSerializable(typeof(Job))]
[JsonSerializable(typeof(ListPage<Job>))]
[JsonSerializable(typeof(ListPage<Attempt>))]
[JsonSerializable(typeof(ListPage<UsageLine>))]
[JsonSerializable(typeof(ListPage<EndpointStatus>))]
[JsonSerializable(typeof(EndpointStatus))]
[JsonSerializable(typeof(PauseEndpoint))]
[JsonSerializable(typeof(WebhookEvent<Job>))]
[JsonSerializable(typeof(RegisterWebhook))]
[JsonSerializable(typeof(WebhookEndpoint))]
[JsonSerializable(typeof(ListPage<WebhookEndpoint>))]
[JsonSerializable(typeof(WebhookDelivery))]
[JsonSerializable(typeof(ListPage<WebhookDelivery>))]
[JsonSerializable(typeof(ListPage<WebhookAttempt>))]
[JsonSerializable(typeof(RecoverWebhooks))]
[JsonSerializable(typeof(RecoveredWebhooks))]
[JsonSerializable(typeof(WebhookSecret))]
[JsonSerializable(typeof(StoredFile))]
[JsonSerializable(typeof(DeletedFile))]
[JsonSerializable(typeof(ListPage<StoredFile>))]
[JsonSerializable(typeof(CreateBatch))]
[JsonSerializable(typeof(Batch))]
[JsonSerializable(typeof(ListPage<Batch>))]
[JsonSerializable(typeof(BatchResult))]
[JsonSerializable(typeof(ListPage<BatchResult>))]
[JsonSerializable(typeof(WebhookEvent<Batch>))]
[JsonSerializable(typeof(JobEvent))]
[JsonSerializable(typeof(Model))]
[JsonSerializable(typeof(ListPage<Model>))]
[JsonSerializable(typeof(Project))]
[JsonSerializable(typeof(CreateProject))]
[JsonSerializable(typeof(ListPage<Project>))]
[JsonSerializable(typeof(ApiKey))]
[JsonSerializable(typeof(CreateApiKey))]
[JsonSerializable(typeof(ListPage<ApiKey>))]
[JsonSerializable(typeof(ListPage<AuditEntry>))]
public sealed partial class DarkroomJson : JsonSerializerContext
{
    /// <summary>For answers. The encoder leaves letters readable: every answer is <c>application/json</c>, never part of a page.</summary>
    public static DarkroomJson Answers { get; } = new(SnakeCase(JsonIgnoreCondition.Never));

    /// <summary>For requests: what is null is left out.</summary>
    public static DarkroomJson Requests { get; } = new(SnakeCase(JsonIgnoreCondition.WhenWritingNull));

    static JsonSerializerOptions SnakeCase(JsonIgnoreCondition ignore) => new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = ignore,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
}
