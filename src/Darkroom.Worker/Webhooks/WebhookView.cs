using Darkroom.Worker.Api;
using Row = Darkroom.Migrations.Rows;
using Wire = Darkroom.Client;

namespace Darkroom.Worker.Webhooks;

/// <summary>Shows rows as the API tells them.</summary>
internal static class WebhookView
{
    public static Wire.WebhookEndpoint Of(Row.WebhookEndpoint row, string? secret = null) => new()
    {
        Id = WireId.WebhookEndpoint.Format(row.Id),
        Url = row.Url!,
        Events = row.Events,
        Status = row.DisabledAt is null ? "enabled" : "disabled",
        DisabledReason = row.DisabledReason,
        FailingSince = row.FailingSince,
        PreviousSecretUntil = row.PreviousUntil,
        CreatedAt = row.CreatedAt,
        Secret = secret,
    };

    public static Wire.WebhookDelivery Of(Row.WebhookDelivery row) => new()
    {
        Id = WireId.Delivery.Format(row.Id),
        EndpointId = row.EndpointId is { } endpoint ? WireId.WebhookEndpoint.Format(endpoint) : null,
        Url = row.Url,
        Type = row.Type,
        JobId = row.JobId is { } job ? WireId.Job.Format(job) : null,
        BatchId = row.BatchId is { } batch ? WireId.Batch.Format(batch) : null,
        Status = row.Status,
        Attempts = row.Attempts,
        DueAt = row.Status == Row.WebhookStatus.Pending ? row.DueAt : null,
        CreatedAt = row.CreatedAt,
        FinishedAt = row.FinishedAt,
        HttpStatus = row.LastHttpStatus,
        Error = row.LastError,
    };

    public static Wire.WebhookAttempt Of(Row.WebhookAttempt row) =>
        new(row.Number, row.StartedAt, row.DurationMs, row.HttpStatus, row.Error, row.Answer);
}
