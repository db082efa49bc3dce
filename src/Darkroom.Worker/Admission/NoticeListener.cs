using Darkroom.Worker.Batches;
using Darkroom.Worker.Database;
using Darkroom.Worker.Execution;
using Darkroom.Worker.Webhooks;
using Npgsql;

namespace Darkroom.Worker.Admission;

/// <summary>
/// One LISTEN connection per node. After a lost connection every notice counts as possibly missed, so all listeners are woken once.
/// </summary>
internal sealed partial class NoticeListener(
    NpgsqlDataSource postgres, AdmissionWake admission, TicketQueue tickets, RunningCalls running,
    [FromKeyedServices(WebhookSetup.Queue)] AdmissionWake events, [FromKeyedServices(WebhookSetup.Queue)] TicketQueue deliveries,
    [FromKeyedServices(BatchSetup.Wake)] AdmissionWake batches, [FromKeyedServices(BatchSetup.NewBatches)] AdmissionWake newBatches,
    TimeProvider clock, ILogger<NoticeListener> logger) : BackgroundService
{
    static readonly TimeSpan Reconnect = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(stoppingToken);
            }
            catch (Exception e) when (e is IOException || DatabaseOutage.OrDefect(e, logger))
            {
                Log.Lost(logger, e.Message);
                await Task.Delay(Reconnect, clock, stoppingToken);
            }
        }
    }

    async Task ListenAsync(CancellationToken ct)
    {
        await using var connection = await postgres.OpenConnectionAsync(ct);
        connection.Notification += (_, notice) => Dispatch(notice.Channel, notice.Payload);
        await using (var listen = new NpgsqlCommand($"LISTEN {Notices.Work}; LISTEN {Notices.Tickets}; LISTEN {Notices.Deliveries}; LISTEN {Notices.Delivered}; LISTEN {Notices.Canceled}", connection))
            await listen.ExecuteNonQueryAsync(ct);
        admission.Wake();
        tickets.Wake();
        events.Wake();
        deliveries.Wake();
        batches.Wake();
        newBatches.Wake();
        while (true)
            await connection.WaitAsync(ct);
    }

    void Dispatch(string channel, string payload)
    {
        switch (channel)
        {
            case Notices.Work:
                admission.Wake();
                // What raised it may have ended a job that somebody is to be told of.
                events.Wake();
                batches.Wake();
                newBatches.Wake();
                break;
            case Notices.Delivered:
                events.Wake();
                break;
            case Notices.Deliveries:
                deliveries.Wake();
                break;
            case Notices.Tickets:
                tickets.Wake();
                break;
            case Notices.Canceled when Guid.TryParse(payload, out var jobId):
                running.Cancel(jobId);
                break;
        }
    }

    static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Lost the notification connection ({Reason}); connecting again. Until then work is found within a second.")]
        public static partial void Lost(ILogger logger, string reason);
    }
}
