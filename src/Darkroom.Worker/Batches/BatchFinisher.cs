using Darkroom.Migrations.Rows;
using Darkroom.Worker.Admission;
using Darkroom.Worker.Database;

namespace Darkroom.Worker.Batches;

/// <summary>
/// Runs on every worker node and writes the files of batches whose lines have ended, a few batches at a time. A crash anywhere leaves the batch
/// <c>finalizing</c>: once the claim has run out, another node begins anew.
/// </summary>
internal sealed partial class BatchFinisher(
    BatchTransitions batches, BatchOutput output, WorkSignal work, [FromKeyedServices(BatchSetup.Wake)] AdmissionWake wake, TimeProvider clock,
    ILogger<BatchFinisher> logger) : BackgroundService
{
    /// <summary>At once: a batch of 100 GB must not keep a small one waiting.</summary>
    const int AtOnce = 3;

    static readonly TimeSpan Interval = TimeSpan.FromSeconds(1), Renewal = BatchTransitions.ClaimTime / 3;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => Task.Run(() => FinishAllAsync(stoppingToken), stoppingToken)));

    async Task FinishAllAsync(CancellationToken ct)
    {
        while (true)
        {
            try
            {
                while (await FinishOneAsync(ct))
                {
                }
            }
            catch (Exception e) when (e is StoreTroubleException or IOException || DatabaseOutage.OrDefect(e, logger))
            {
                Log.PutOff(logger, e.GetBaseException().Message);
            }
            await wake.WaitAsync(Interval, ct);
        }
    }

    /// <returns>False where no batch waits for its files.</returns>
    public async Task<bool> FinishOneAsync(CancellationToken ct)
    {
        if (await batches.ClaimFinalizingAsync(ct) is not { } batch)
            return false;
        using var done = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var renewing = KeepClaimAsync(batch, done.Token);
        try
        {
            if (await batches.FinishAsync(batch.Id, await output.WriteAsync(batch, ct), ct))
                work.Raise(); // Its event waits to be delivered.
        }
        finally
        {
            await done.CancelAsync();
            await renewing;
        }
        return true;
    }

    async Task KeepClaimAsync(Batch batch, CancellationToken done)
    {
        try
        {
            while (true)
            {
                await Task.Delay(Renewal, clock, done);
                await batches.RenewAsync(batch.Id, done);
            }
        }
        catch (Exception e) when (e is OperationCanceledException || DatabaseOutage.Explains(e))
        {
            // Without its claim another node may write the files too; one of the two wins.
        }
    }

    static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The files of a batch are written later: {Reason}")]
        public static partial void PutOff(ILogger logger, string reason);
    }
}
