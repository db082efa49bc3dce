using System.Text.Json;
using Darkroom.Migrations.Rows;
using Darkroom.Worker.Api;
using Wire = Darkroom.Client;

namespace Darkroom.Worker.Jobs;

/// <summary>Shows rows as the API tells them.</summary>
internal sealed class JobView(Links links)
{
    /// <param name="row">With its images.</param>
    public Wire.Job Of(Job row, HttpRequest request) =>
        Of(row, image => links.Absolute($"{PathOf(image.JobId)}/images/{image.Index}", request));

    /// <param name="row">With its images.</param>
    /// <param name="urlOf">The link to each.</param>
    public static Wire.Job Of(Job row, Func<Image, string> urlOf) => new()
    {
        Id = WireId.Job.Format(row.Id),
        Status = row.Status,
        CustomId = row.CustomId,
        BatchId = row.BatchId is { } batch ? WireId.Batch.Format(batch) : null,
        Model = row.Model,
        Prompt = row.Prompt,
        Quality = row.Quality,
        N = row.N,
        Size = row.Size,
        Result = row.Status == JobStatus.Succeeded
            ? new(row.ResultCreated?.ToUnixTimeSeconds(), row.ResultFormat, row.ResultQuality, row.ResultSize, row.ResultPartial is true)
            : null,
        Images = [.. row.Images.OrderBy(i => i.Index).Select(i => Of(i, urlOf(i)))],
        Usage = Parsed(row.Usage),
        Cost = Cost(row.CostAmount, row.CostPossible),
        Attempts = row.Attempts,
        Error = (row.ErrorCode ?? row.ErrorMessage) is null
            ? null
            : new(row.ErrorCode, row.ErrorMessage, row.ErrorStage, row.ErrorHttpStatus, row.ErrorRequestId),
        Metadata = row.Metadata,
        Priority = row.Priority,
        CreatedAt = row.CreatedAt,
        StartedAt = row.StartedAt,
        FinishedAt = row.FinishedAt,
        DueAt = row.DueAt,
        WebhookUrl = row.WebhookUrl,
    };

    public string UrlOf(Job row, HttpRequest request) => links.Absolute(PathOf(row.Id), request);

    static Wire.JobImage Of(Image row, string url) => new(
        row.Index, url, row.ContentType, row.Bytes, Convert.ToHexStringLower(row.Sha256), row.Width, row.Height);

    public static Wire.Attempt Of(Attempt row) => new()
    {
        Id = WireId.Attempt.Format(row.Id),
        Number = row.Number,
        Status = row.Status,
        Node = row.NodeName,
        StartedAt = row.StartedAt,
        FinishedAt = row.FinishedAt,
        HttpStatus = row.HttpStatus,
        RequestId = row.RequestId,
        Usage = Parsed(row.Usage),
        Cost = Cost(row.Cost, row.PossibleCost),
        Error = (row.ErrorCode ?? row.ErrorMessage) is null ? null : new(row.ErrorCode, row.ErrorMessage, row.ErrorStage),
    };

    static string PathOf(Guid jobId) => $"/v1/jobs/{WireId.Job.Format(jobId)}";

    static JsonElement? Parsed(string? json) => json is null ? null : JsonElement.Parse(json);

    static Wire.JobCost Cost(decimal? amount, decimal? possible) => new(Money.Currency, Money.Plain(amount), Money.Plain(possible));
}
