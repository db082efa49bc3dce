using Darkroom.Worker.Admission;
using Darkroom.Worker.Database;
using Darkroom.Worker.Execution;
using Hangfire;
using Hangfire.States;
using Npgsql;

namespace Darkroom.Worker.Webhooks;

/// <summary>Runs on every worker node; one at a time picks what is to be sent, when something has ended and at least every second.</summary>
internal sealed partial class DeliveryLoop(
    DeliveryPass pass, [FromKeyedServices(WebhookSetup.Queue)] AdmissionWake wake, IBackgroundJobClient hangfire, NpgsqlDataSource postgres,
    TimeProvider clock, ILogger<DeliveryLoop> logger) : BackgroundService
{
    static readonly TimeSpan Interval = TimeSpan.FromSeconds(1), Shortest = TimeSpan.FromMilliseconds(100);

    static readonly EnqueuedState Webhooks = new(WebhookSetup.Queue);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (var last = clock.GetTimestamp(); ;)
        {
            try
            {
                var now = clock.GetTimestamp();
                var tickets = await pass.RunAsync(clock.GetElapsedTime(last, now), stoppingToken);
                last = now;
                if (tickets is { Count: > 0 })
                    await IssueAsync(tickets, stoppingToken);
            }
            catch (Exception e) when (DatabaseOutage.OrDefect(e, logger))
            {
                Log.PutOff(logger, e.GetBaseException().Message);
            }
            // A pass sees everything that has ended since the one before: more of them would find no more.
            await Task.Delay(Shortest, clock, stoppingToken);
            await wake.WaitAsync(Interval, stoppingToken);
        }
    }

    /// <summary>A ticket that Hangfire loses is issued again when its time is over.</summary>
    async Task IssueAsync(List<DeliveryTicket> tickets, CancellationToken ct)
    {
        foreach (var together in DeliveryTicket.Together(tickets))
            hangfire.Create<DeliveryRunner>(runner => runner.RunAsync(together), Webhooks);
        await using var notify = postgres.CreateCommand($"NOTIFY {Notices.Deliveries}");
        await notify.ExecuteNonQueryAsync(ct);
    }

    static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Webhooks are sent later: {Reason}")]
        public static partial void PutOff(ILogger logger, string reason);
    }
}
