using Darkroom.Worker.Execution;
using Darkroom.Worker.Observability;
using Hangfire;
using Hangfire.States;
using Npgsql;

namespace Darkroom.Worker.Admission;

/// <summary>Hands admitted jobs to Hangfire, one ticket each. A ticket that cannot be issued, or is lost, is issued again within seconds.</summary>
internal sealed partial class TicketIssuer(IBackgroundJobClient hangfire, NpgsqlDataSource postgres, DarkroomMetrics metrics, ILogger<TicketIssuer> logger)
{
    /// <summary>Hangfire writes twelve statements for each ticket, one after the other; a few at once keep both cores busy.</summary>
    static readonly ParallelOptions AFewAtOnce = new() { MaxDegreeOfParallelism = 4 };

    static readonly EnqueuedState Generate = new(HangfireSetup.GenerateQueue);

    public async Task IssueAsync(List<Ticket> tickets, CancellationToken ct)
    {
        if (tickets.Count == 0)
            return;
        try
        {
            Enqueue(tickets[0]);
            await NotifyAsync(ct);
            if (tickets.Count == 1)
                return;
            await Task.Run(() => Parallel.ForEach(tickets.Skip(1), AFewAtOnce, Enqueue), ct);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Whatever ails Hangfire's tables must not stop admission for the jobs whose tickets did get through.
            Log.NotIssued(logger, e.GetBaseException().Message);
        }
        await NotifyAsync(ct);
    }

    void Enqueue(Ticket ticket)
    {
        using var span = JobTrace.Admit(ticket);
        hangfire.Create<JobRunner>(runner => runner.RunAsync(ticket.JobId, ticket.Number), Generate);
        metrics.JobAdmitted();
    }

    async Task NotifyAsync(CancellationToken ct)
    {
        await using var notify = postgres.CreateCommand($"NOTIFY {Notices.Tickets}");
        await notify.ExecuteNonQueryAsync(ct);
    }

    static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Tickets could not be issued ({Reason}); they will be issued again.")]
        public static partial void NotIssued(ILogger logger, string reason);
    }
}
