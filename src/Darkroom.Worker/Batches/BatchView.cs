using System.Text.Json;
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
        return [.. rows.Select(row => Of(row, known[row.Id]))];
    }

    static Wire.Batch Of(Row row, BatchFigure figure)
    {
        var ended = figure.Succeeded + figure.Failed + figure.Canceled;
        return new()
        {
            Id = WireId.Batch.Format(row.Id),
            Endpoint = "/v1/images/generations",
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
            RequestCounts = new(row.Total, figure.Succeeded, figure.Failed + figure.Canceled),
            Usage = figure.TotalTokens is { } total ? new(figure.InputTokens ?? 0, new(0), figure.OutputTokens ?? 0, new(0), total) : null,
            Metadata = row.Metadata.Count > 0 ? row.Metadata : null,
            // The row may be older than the figures by a moment.
            Counts = new(
                Math.Max(0, row.Total - ended - figure.Held - figure.Running), figure.Running, figure.Succeeded, figure.Failed, figure.Held, figure.Canceled),
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
            ImagesPerMinute = figure.ImagesPerMinute is { } pace ? Math.Round(pace, 1) : null,
            EstimatedEndAt = row.PausedAt is null && figure.LinesPerMinute is > 0 and var lines
                ? Seconds(figure.Now.AddMinutes((row.Total - ended) / lines))
                : null,
        };
    }

    static string? FileId(Guid? id) => id is { } file ? WireId.File.Format(file) : null;

    static long? Seconds(DateTimeOffset? time) => time?.ToUnixTimeSeconds();

    static Wire.BatchErrors? Errors(string? json) => json is null ? null : new([.. JsonElement.Parse(json).EnumerateArray().Select(e => new Wire.BatchError(
        e.GetProperty("code").GetString(),
        e.GetProperty("line") is { ValueKind: JsonValueKind.Number } line ? line.GetInt32() : null,
        e.GetProperty("message").GetString()!,
        e.GetProperty("param").GetString()))]);
}
