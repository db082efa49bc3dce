using System.Text.Json;
using Darkroom.Client;
using Darkroom.Worker.Access;
using Darkroom.Worker.Api;
using Darkroom.Worker.Jobs;
using Job = Darkroom.Client.Job;
using WebhookDelivery = Darkroom.Migrations.Rows.WebhookDelivery;

namespace Darkroom.Worker.Webhooks;

/// <summary>Makes the body of a delivery: what happened, when, and the job as it was then, with links instead of pictures.</summary>
internal sealed class WebhookPayload(Links links, SignedLinks signed)
{
    /// <summary>Standard Webhooks' advice. What does not fit is cut: first the prompt, then the metadata.</summary>
    public const int MostBytes = 20_000;

    public async Task<string> RenderAsync(WebhookDelivery delivery, CancellationToken ct)
    {
        if (delivery.Snapshot is not { } snapshot)
            return Write(delivery, data: null);
        var row = JobSnapshot.Read(snapshot);
        var path = $"/v1/jobs/{WireId.Job.Format(row.Id)}";
        var urls = new Dictionary<int, string>();
        foreach (var image in row.Images)
            urls[image.Index] = links.Absolute(await signed.CreateAsync($"{path}/images/{image.Index}", SignedLinks.DefaultLifetime, ct));
        var job = JobView.Of(row, image => urls[image.Index]);

        var body = Write(delivery, job);
        for (var keep = job.Prompt.Length / 2; Size(body) > MostBytes && keep > 0; keep /= 2)
            body = Write(delivery, job = job with { Prompt = job.Prompt[..WholeChars(job.Prompt, keep)] + "…" });
        return Size(body) > MostBytes ? Write(delivery, job with { Metadata = new Dictionary<string, string>() }) : body;
    }

    static string Write(WebhookDelivery delivery, Job? data) => JsonSerializer.Serialize(
        new WebhookEvent<Job?>(delivery.Type, delivery.CreatedAt.ToUniversalTime(), data), DarkroomJson.Answers.WebhookEventJob);

    static int Size(string body) => System.Text.Encoding.UTF8.GetByteCount(body);

    /// <summary>Never half of a surrogate pair.</summary>
    static int WholeChars(string text, int length) => char.IsHighSurrogate(text[length - 1]) ? length - 1 : length;
}
