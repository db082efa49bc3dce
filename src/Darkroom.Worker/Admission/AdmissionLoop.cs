using Darkroom.Migrations;
using Darkroom.Worker.Database;
using Darkroom.Worker.Execution;
using Darkroom.Worker.Jobs;
using Darkroom.Worker.Usage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Admission;

/// <summary>
/// Runs on every worker node; the holder of the lease admits, at each wake and at least every second, and does the cluster's small sweeps.
/// The others look once a second whether the lease is free.
/// </summary>
internal sealed partial class AdmissionLoop(
    AdmissionPass pass, AdmissionWake wake, AdmissionLease lease, TicketIssuer issuer, JobTransitions jobs, UsageFold usage,
    NodeCondition condition, IOptions<WorkerOptions> worker, IHostApplicationLifetime host, IDbContextFactory<DarkroomDb> databases, TimeProvider clock,
    ILogger<AdmissionLoop> logger) : BackgroundService
{
    /// <summary>What a lost notice costs at most.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    const int SweepSize = 5000;

    bool leaseExists;
    long lastSweep;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // From the first sign of stopping, not when its turn among the services comes: a successor is to take over within seconds.
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, host.ApplicationStopping);
        try
        {
            while (true)
                await AdmitAsync(stopping.Token);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            await ReleaseLeaseAsync();
        }
    }

    async Task AdmitAsync(CancellationToken ct)
    {
        try
        {
            if (!leaseExists)
                await EnsureLeaseAsync(ct);
            if (condition.SinceHeartbeat < worker.Value.FreshFor && await pass.RunAsync(ct) is { } admitted)
            {
                await issuer.IssueAsync(admitted.Tickets, ct);
                await SweepAsync(ct);
                await wake.WaitAsync(admitted.Again, ct);
                return;
            }
        }
        catch (Exception e) when (DatabaseOutage.OrDefect(e, logger))
        {
            Log.Skipped(logger, e.Message);
        }
        await Task.Delay(Interval, clock, ct);
    }

    async Task EnsureLeaseAsync(CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        await AdmissionLease.EnsureRowAsync(db, ct);
        leaseExists = true;
    }

    async Task SweepAsync(CancellationToken ct)
    {
        if (clock.GetElapsedTime(lastSweep) < Interval)
            return;
        lastSweep = clock.GetTimestamp();
        await jobs.ExpireAsync(SweepSize, ct);
        await usage.FoldAsync(SweepSize, ct);
    }

    async Task ReleaseLeaseAsync()
    {
        try
        {
            await using var db = await databases.CreateDbContextAsync(CancellationToken.None);
            await lease.ReleaseAsync(db, CancellationToken.None);
        }
        catch (Exception e) when (DatabaseOutage.OrDefect(e, logger))
        {
            Log.Skipped(logger, e.Message);
        }
    }

    static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Admission skipped a pass: {Reason}")]
        public static partial void Skipped(ILogger logger, string reason);
    }
}
