using System.Text.Json;
using Darkroom.Migrations.Rows;
using Darkroom.Worker.Api;
using Row = Darkroom.Migrations.Rows.Batch;
using Wire = Darkroom.Client;

namespace Darkroom.Worker.Batches;

/// <summary>Shows rows as the API tells them.</summary>
internal sealed class BatchView(BatchFigures figures)
{
    public async Task<Wire.Batch> OfAsync(Row row, CancellationToken ct) => (await OfAsync([row], ct))[0];

    public async Task<List<Wire.Batch>> OfAsync(IReadOnlyList<Row> rows, CancellationToken ct)
    {
        var known = await figures.ReadAsync([.. rows.Select(r => r.Id)], ct);
        // One that was removed between the two statements has no figures, and is not shown.
        return [.. rows.Where(r => known.ContainsKey(r.Id)).Select(row => Of(row, known[row.Id]))];
    }

    static Wire.Batch Of(Row row, BatchFigure figure) => new()
    {
        Id = WireId.Batch.Format(row.Id),
        Endpoint = BatchLine.Url,
        Model = row.Model,
        Errors = Errors(row.Errors),
        InputFileId = WireId.File.Format(row.InputFileId),
        CompletionWindow = row.CompletionWindow,
        Status = row.Status,
        OutputFileId = FileId(row.OutputFileId),
        ErrorFileId = FileId(row.ErrorFileId),
        CreatedAt = row.CreatedAt.ToUnixTimeSeconds(),
        InProgressAt = Seconds(row.InProgressAt),
        ExpiresAt = Seconds(row.ExpiresAt),
        FinalizingAt = Seconds(row.FinalizingAt),
        CompletedAt = Seconds(row.CompletedAt),
        FailedAt = Seconds(row.FailedAt),
        ExpiredAt = Seconds(row.ExpiredAt),
        CancellingAt = Seconds(row.CancellingAt),
        CancelledAt = Seconds(row.CancelledAt),
        RequestCounts = new(figure.Total, figure.Succeeded, figure.Failed + figure.Canceled),
        Usage = figure.TotalTokens is { } total ? new(figure.InputTokens ?? 0, new(0), figure.OutputTokens ?? 0, new(0), total) : null,
        Metadata = row.Metadata.Count > 0 ? row.Metadata : null,
        Counts = new(figure.Queued, figure.Running, figure.Succeeded, figure.Failed, figure.Held, figure.Canceled),
        SkippedLines = row.SkippedLines,
        PausedAt = Seconds(row.PausedAt),
        Priority = row.Priority,
        OnUnknown = row.OnUnknown,
        MaxAttempts = row.MaxAttempts,
        MaxUnknownAttempts = row.MaxUnknownAttempts,
        WebhookUrl = row.WebhookUrl,
        RetryOf = row.RetryOf is { } old ? WireId.Batch.Format(old) : null,
        Cost = new(Money.Currency, Money.Plain(figure.Cost), Money.Plain(figure.PossibleCost)),
        Images = figure.Images,
        ImagesPerMinute = row.Status == BatchStatus.InProgress && figure.Queued + figure.Running > 0 ? figure.ImagesPerMinute : null,
        EstimatedEndAt = Seconds(EstimatedEnd(row, figure)),
    };

    /// <summary>When its time is over, what is left ends too.</summary>
    static DateTimeOffset? EstimatedEnd(Row row, BatchFigure figure)
    {
        if (row.Status != BatchStatus.InProgress || row.PausedAt is not null || row.InProgressAt is not { } begun)
            return null;
        var progress = new BatchProgress(figure.Queued + figure.Running, figure.Ended, figure.Now - begun, figure.EndedLately, figure.Lately);
        return progress.TimeLeft() is { } left ? figure.Now + left is var end && end < row.ExpiresAt ? end : row.ExpiresAt : null;
    }

    static string? FileId(Guid? id) => id is { } file ? WireId.File.Format(file) : null;

    static long? Seconds(DateTimeOffset? time) => time?.ToUnixTimeSeconds();

    static Wire.BatchErrors? Errors(string? json) => json is null ? null : new([.. JsonElement.Parse(json).EnumerateArray().Select(e => new Wire.BatchError(
        e.GetProperty("code").GetString(),
        e.GetProperty("line") is { ValueKind: JsonValueKind.Number } line ? line.GetInt32() : null,
        e.GetProperty("message").GetString()!,
        e.GetProperty("param").GetString()))]);
}
