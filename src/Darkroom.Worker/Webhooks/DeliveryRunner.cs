using Darkroom.Migrations.Rows;
using Darkroom.Worker.Admission;
using Darkroom.Worker.Api;
using Darkroom.Worker.Database;
using Darkroom.Worker.Execution;
using Darkroom.Worker.Observability;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Webhooks;

/// <summary>One attempt of each of a few deliveries, top to bottom: claim, render, sign, send, record. Hangfire calls it.</summary>
internal sealed partial class DeliveryRunner(
    DeliveryLog log, WebhookPayload payloads, BatchPayload batches, WebhookSecrets secrets, DeliverySender sender, DatabaseRetry database, NodeLifetime lifetime,
    WorkSignal work, DeliveryTelemetry telemetry, IOptions<WebhookOptions> options, TimeProvider clock, ILogger<DeliveryRunner> logger)
{
    public Task RunAsync(DeliveryTicket[] tickets) => Task.WhenAll(tickets.Select(RunAsync));

    /// <summary>A crash after the request and before its record sends it again, under the same <c>webhook-id</c>.</summary>
    async Task RunAsync(DeliveryTicket ticket)
    {
        if (await log.ClaimAsync(ticket.Id, ticket.Number, lifetime.Drained) is not var (delivery, endpoint))
            return;
        if (delivery.EndpointId is not null && endpoint is not { DisabledAt: null })
        {
            await log.GiveUpAsync(delivery, endpoint is null ? DeliveryLog.Deleted : DeliveryLog.Disabled, lifetime.Drained);
            work.Raise(Notices.Delivered);
            return;
        }
        using var watched = telemetry.Begin(delivery);
        var payload = delivery.Payload ?? await (delivery.BatchId is null ? payloads.RenderAsync(delivery, lifetime.Drained) : batches.RenderAsync(delivery, lifetime.Drained));
        var started = clock.GetUtcNow();
        var since = clock.GetTimestamp();
        var outcome = await SendAsync(delivery, endpoint, payload);

        var attempt = new WebhookAttempt
        {
            Id = Guid.CreateVersion7(),
            DeliveryId = delivery.Id,
            Number = delivery.Attempts + 1,
            StartedAt = started,
            DurationMs = (int)clock.GetElapsedTime(since).TotalMilliseconds,
            HttpStatus = outcome.HttpStatus,
            Error = outcome.Error,
            Answer = outcome.Answer,
        };
        var next = DeliveryPolicy.Decide(outcome, attempt.Number - delivery.RoundFrom, options.Value.Waits, Random.Shared.NextDouble());
        await database.UntilWrittenAsync("delivery", ct => log.RecordAsync(delivery, payload, attempt, outcome, next, ct), lifetime.GivenUp);
        work.Raise(Notices.Delivered);
        watched.Ended(attempt, outcome, next);
        if (!outcome.Delivered)
            Log.NotDelivered(logger, delivery.Type, Receivers.Origin(delivery.Url), attempt.Number, outcome.Error);
    }

    async Task<DeliveryOutcome> SendAsync(WebhookDelivery delivery, WebhookEndpoint? endpoint, string payload)
    {
        byte[][] keys = endpoint is null ? [await secrets.EnsureOwnAsync(delivery.ProjectId, lifetime.Drained)]
            : endpoint.PreviousSecret is { } previous && endpoint.PreviousUntil > clock.GetUtcNow() ? [endpoint.Secret, previous]
            : [endpoint.Secret];
        var id = WireId.Delivery.Format(delivery.Id);
        return await sender.SendAsync(
            delivery.Url, id, payload, timestamp => secrets.Sign(keys, id, timestamp, payload), lifetime.Drained);
    }

    static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "{Event} was not delivered to {Receiver}, attempt {Number}: {Reason}")]
        public static partial void NotDelivered(ILogger logger, string @event, string receiver, int number, string? reason);
    }
}
