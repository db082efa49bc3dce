using Xunit;

namespace Darkroom.CrashTests;

public sealed class A_frozen_node
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Thawed_after_its_rescue_it_overwrites_no_newer_attempt_and_its_charge_is_kept()
    {
        await using var cluster = await CrashCluster.StartAsync();
        var frozen = await cluster.StartWorkerAsync();
        cluster.Endpoint.Hold();
        await CrashCluster.SubmitAsync(frozen, 5);
        await cluster.Endpoint.Account.WaitForHeldAsync(5, Ct);
        // It holds the lease of admission too.
        await frozen.FreezeAsync();
        await cluster.StartWorkerAsync();
        await cluster.Endpoint.Account.WaitForHeldAsync(10, Ct);

        await frozen.ThawAsync();
        cluster.Endpoint.Release();
        await cluster.WaitForAllSucceededAsync(5);
        await cluster.WaitUntilAsync("SELECT count(*) FROM darkroom.attempts WHERE status IN ('dispatched', 'received', 'unknown')", 0);

        Assert.Equal(5, await cluster.AskAsync("SELECT count(*) FROM darkroom.attempts WHERE status = 'superseded' AND usage IS NOT NULL"));
        await cluster.AssertLedgerAsync(5);
    }
}
