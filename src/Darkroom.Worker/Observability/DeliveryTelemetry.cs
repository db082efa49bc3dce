using System.Diagnostics;
using Darkroom.Migrations.Rows;
using Darkroom.Worker.Webhooks;

namespace Darkroom.Worker.Observability;

/// <summary>Watches requests to receivers of webhooks: each is a span in its job's trace, and figures.</summary>
internal sealed class DeliveryTelemetry(DarkroomMetrics metrics, TimeProvider clock)
{
    public WatchedDelivery Begin(WebhookDelivery delivery) => new(metrics, delivery, JobTrace.Deliver(delivery), clock);
}

internal sealed class WatchedDelivery(DarkroomMetrics metrics, WebhookDelivery delivery, Activity? span, TimeProvider clock) : IDisposable
{
    /// <summary>The request stands in the log of deliveries.</summary>
    public void Ended(WebhookAttempt attempt, DeliveryOutcome outcome, DeliveryNext next)
    {
        metrics.WebhookSent(
            delivery.Type,
            next switch { DeliveryNext.Done => "delivered", DeliveryNext.Again => "retry", _ => "given_up" },
            TimeSpan.FromMilliseconds(attempt.DurationMs),
            attempt.Number == 1 ? clock.GetUtcNow() - delivery.CreatedAt : null);
        span?.SetTag("http.response.status_code", outcome.HttpStatus).SetTag("http.request.resend_count", attempt.Number - 1)
            .SetStatus(outcome.Delivered ? ActivityStatusCode.Unset : ActivityStatusCode.Error, outcome.Error);
    }

    public void Dispose() => span?.Dispose();
}
