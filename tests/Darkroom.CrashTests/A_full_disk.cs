using Xunit;

namespace Darkroom.CrashTests;

/// <summary>Full to the last byte, on a file system of its own, and not only below the floor.</summary>
public sealed class A_full_disk
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Of_the_spool_costs_the_calls_in_flight_and_no_other_and_none_is_forgotten()
    {
        const int Jobs = 4;
        using var disk = new SmallDisk(megabytes: 64);
        await using var cluster = await CrashCluster.StartAsync();
        var worker = await cluster.StartWorkerAsync($"Darkroom:Worker:SpoolPath={disk.Path}/spool", $"Darkroom:Worker:SpoolMinFreeBytes={16 << 20}");
        cluster.Endpoint.Hold();
        await CrashCluster.SubmitAsync(worker, Jobs);
        await cluster.Endpoint.Account.WaitForHeldAsync(Jobs, Ct);

        disk.Fill();
        await worker.WaitForReadinessAsync(ready: false, Ct);
        cluster.Endpoint.Release();
        await cluster.WaitForNoOpenCallsAsync();
        Assert.Equal(Jobs, await cluster.AskAsync("SELECT count(*) FROM darkroom.attempts WHERE error_code = 'spool_failed'"));
        cluster.AssertCalls(Jobs);

        disk.MakeRoom();
        await cluster.WaitForAllSucceededAsync(Jobs);
        await worker.WaitForReadinessAsync(ready: true, Ct);
        cluster.AssertCalls(2 * Jobs);
        await cluster.AssertLedgerAsync(Jobs);
    }

    [Fact]
    public async Task Of_the_file_store_keeps_the_answers_in_the_spool_and_buys_none_again()
    {
        const int Jobs = 4;
        using var disk = new SmallDisk(megabytes: 64);
        await using var cluster = await CrashCluster.StartAsync();
        var worker = await cluster.StartWorkerAsync($"Darkroom:Storage:FileSystem:Root={disk.Path}/images", $"Darkroom:Worker:SpoolMinFreeBytes={16 << 20}");
        cluster.Endpoint.Hold();
        await CrashCluster.SubmitAsync(worker, Jobs);
        await cluster.Endpoint.Account.WaitForHeldAsync(Jobs, Ct);

        disk.Fill();
        await worker.WaitForReadinessAsync(ready: false, Ct);
        cluster.Endpoint.Release();
        await cluster.WaitUntilAsync("SELECT count(*) FROM darkroom.attempts WHERE status = 'received'", Jobs);

        disk.MakeRoom();
        await cluster.WaitForAllSucceededAsync(Jobs);
        await worker.WaitForReadinessAsync(ready: true, Ct);
        cluster.AssertCalls(Jobs);
        await cluster.AssertLedgerAsync(Jobs);
    }
}
