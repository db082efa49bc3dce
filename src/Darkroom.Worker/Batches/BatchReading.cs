using Darkroom.Migrations.Rows;
using Darkroom.Worker.Admission;
using Darkroom.Worker.Database;

namespace Darkroom.Worker.Batches;

/// <summary>Runs on every worker node: makes jobs of the lines of new batches, one batch at a time, when it is told of work and at least every second.</summary>
internal sealed partial class BatchReading(
    BatchTransitions batches, BatchReader reader, WorkSignal work, [FromKeyedServices(BatchSetup.NewBatches)] AdmissionWake wake, TimeProvider clock,
    ILogger<BatchReading> logger) : BackgroundService
{
    static readonly TimeSpan Interval = TimeSpan.FromSeconds(1), Renewal = BatchTransitions.ClaimTime / 3;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                while (await batches.ClaimUnreadAsync(stoppingToken) is { } batch)
                    await ReadAsync(batch, stoppingToken);
            }
            catch (Exception e) when (DatabaseOutage.OrDefect(e, logger))
            {
                Log.PutOff(logger, e.GetBaseException().Message);
            }
            await wake.WaitAsync(Interval, stoppingToken);
        }
    }

    /// <summary>A batch that cannot be read now is left claimed and is tried again, by whatever node, when the claim runs out.</summary>
    async Task ReadAsync(Batch batch, CancellationToken stopping)
    {
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var renewing = RenewAsync(batch, reading);
        try
        {
            if (await reader.ReadAsync(batch, reading.Token) is { } failure)
                Log.NotReadable(logger, batch.Id, failure.Message);
            else
                work.Raise();
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            // The claim was lost: the batch was cancelled, or is another's.
        }
        catch (Exception e) when (e is not OperationCanceledException && !DatabaseOutage.Explains(e))
        {
            Log.NotReadable(logger, batch.Id, e.Message);
        }
        finally
        {
            await reading.CancelAsync();
            await renewing;
        }
    }

    async Task RenewAsync(Batch batch, CancellationTokenSource reading)
    {
        try
        {
            for (var until = batch.ClaimedUntil; until is { } claim;)
            {
                await Task.Delay(Renewal, clock, reading.Token);
                until = await batches.RenewReadingAsync(batch.Id, claim, reading.Token);
            }
            await reading.CancelAsync();
        }
        catch (OperationCanceledException)
        {
        }
        catch (Exception e) when (DatabaseOutage.Explains(e))
        {
            // The reading meets it too. Should it not, the first of two nodes to commit wins.
        }
    }

    static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "New batches are read later: {Reason}")]
        public static partial void PutOff(ILogger logger, string reason);

        [LoggerMessage(LogLevel.Warning, "The lines of batch {Batch} cannot be read now ({Reason}); they are tried again.")]
        public static partial void NotReadable(ILogger logger, Guid batch, string reason);
    }
}
