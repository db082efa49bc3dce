using System.Text;
using System.Text.Json;
using Darkroom.Client;
using Darkroom.Migrations;
using Darkroom.Worker.Access;
using Darkroom.Worker.Api;
using Darkroom.Worker.Batches;
using Microsoft.EntityFrameworkCore;
using WebhookDelivery = Darkroom.Migrations.Rows.WebhookDelivery;

namespace Darkroom.Worker.Webhooks;

/// <summary>
/// Makes the body of a delivery about a batch: what happened, when, and the batch, with signed links to its files. No copy of the row is kept
/// for it: events are raised by the end of a batch alone, and an ended batch stays as it was.
/// </summary>
internal sealed class BatchPayload(IDbContextFactory<DarkroomDb> databases, BatchView view, Links links, SignedLinks signed)
{
    public async Task<string> RenderAsync(WebhookDelivery delivery, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        if (await db.Batches.AsNoTracking().SingleOrDefaultAsync(b => b.Id == delivery.BatchId, ct) is not { } row)
            return Write(delivery, data: null); // Removed by retention before it could be told.
        var batch = await view.OfAsync(row, ct) with
        {
            OutputFileUrl = await LinkAsync(row.OutputFileId, ct),
            ErrorFileUrl = await LinkAsync(row.ErrorFileId, ct),
        };
        var body = Write(delivery, batch);
        for (var keep = (batch.Errors?.Data.Count ?? 0) / 2; Encoding.UTF8.GetByteCount(body) > WebhookPayload.MostBytes && keep > 0; keep /= 2)
            body = Write(delivery, batch with { Errors = new([.. batch.Errors!.Data.Take(keep)]) });
        return body;
    }

    async Task<string?> LinkAsync(Guid? file, CancellationToken ct) => file is { } id
        ? links.Absolute(await signed.CreateAsync($"/v1/files/{WireId.File.Format(id)}/content", SignedLinks.DefaultLifetime, ct))
        : null;

    static string Write(WebhookDelivery delivery, Batch? data) => JsonSerializer.Serialize(
        new WebhookEvent<Batch?>(delivery.Type, delivery.CreatedAt.ToUniversalTime(), data), DarkroomJson.Answers.WebhookEventBatch);
}
