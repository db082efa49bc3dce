using System.Text.Json;
using Darkroom.Migrations.Rows;

namespace Darkroom.Worker.Webhooks;

/// <summary>A job's rows as <see cref="WebhookEvents"/> kept them: the columns, by their names.</summary>
internal static class JobSnapshot
{
    public static Job Read(string snapshot)
    {
        using var json = JsonDocument.Parse(snapshot);
        var job = json.RootElement.GetProperty("job");
        return new Job
        {
            Id = job.GetProperty("id").GetGuid(),
            ProjectId = job.GetProperty("project_id").GetGuid(),
            BatchId = Text(job, "batch_id") is { } batch ? Guid.Parse(batch) : null,
            Endpoint = Text(job, "endpoint")!,
            CustomId = Text(job, "custom_id"),
            Model = Text(job, "model")!,
            Prompt = Text(job, "prompt")!,
            Quality = Text(job, "quality")!,
            N = job.GetProperty("n").GetInt32(),
            Size = Text(job, "size")!,
            Metadata = job.GetProperty("metadata").Deserialize<Dictionary<string, string>>() ?? [],
            Priority = job.GetProperty("priority").GetInt16(),
            OnUnknown = Text(job, "on_unknown")!,
            WebhookUrl = Text(job, "webhook_url"),
            Status = Text(job, "status")!,
            DueAt = Time(job, "due_at")!.Value,
            Attempts = job.GetProperty("attempts").GetInt32(),
            ResultCreated = Time(job, "result_created"),
            ResultFormat = Text(job, "result_format"),
            ResultQuality = Text(job, "result_quality"),
            ResultSize = Text(job, "result_size"),
            ResultPartial = job.GetProperty("result_partial") is { ValueKind: not JsonValueKind.Null } partial ? partial.GetBoolean() : null,
            Usage = job.GetProperty("usage") is { ValueKind: not JsonValueKind.Null } usage ? usage.GetRawText() : null,
            CostAmount = Money(job, "cost_amount"),
            CostPossible = Money(job, "cost_possible"),
            ErrorCode = Text(job, "error_code"),
            ErrorMessage = Text(job, "error_message"),
            ErrorStage = Text(job, "error_stage"),
            ErrorHttpStatus = job.GetProperty("error_http_status") is { ValueKind: JsonValueKind.Number } status ? status.GetInt32() : null,
            ErrorRequestId = Text(job, "error_request_id"),
            CreatedAt = Time(job, "created_at")!.Value,
            StartedAt = Time(job, "started_at"),
            FinishedAt = Time(job, "finished_at"),
            Images = [.. json.RootElement.GetProperty("images").EnumerateArray().Select(ReadImage)],
        };
    }

    static Image ReadImage(JsonElement image) => new()
    {
        JobId = image.GetProperty("job_id").GetGuid(),
        Index = image.GetProperty("index").GetInt32(),
        AttemptId = image.GetProperty("attempt_id").GetGuid(),
        Extension = Text(image, "extension")!,
        ContentType = Text(image, "content_type")!,
        Bytes = image.GetProperty("bytes").GetInt64(),
        // Postgres writes bytes as \x and hexadecimal digits.
        Sha256 = Convert.FromHexString(Text(image, "sha256").AsSpan(2)),
        Crc32 = image.GetProperty("crc32").GetInt64(),
        Width = image.GetProperty("width").GetInt32(),
        Height = image.GetProperty("height").GetInt32(),
    };

    static string? Text(JsonElement row, string column) => row.GetProperty(column).GetString();

    static DateTimeOffset? Time(JsonElement row, string column) =>
        row.GetProperty(column) is { ValueKind: JsonValueKind.String } time ? time.GetDateTimeOffset().ToUniversalTime() : null;

    static decimal? Money(JsonElement row, string column) =>
        row.GetProperty(column) is { ValueKind: JsonValueKind.Number } amount ? amount.GetDecimal() : null;
}
