using Xunit;

namespace Darkroom.CrashTests;

public sealed class A_killed_node
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Its_calls_in_flight_are_unknown_and_its_jobs_run_again_elsewhere()
    {
        await using var cluster = await CrashCluster.StartAsync();
        var victim = await cluster.StartWorkerAsync();
        cluster.Endpoint.Hold();
        await CrashCluster.SubmitAsync(victim, 10);
        await cluster.Endpoint.Account.WaitForHeldAsync(10, Ct);
        await cluster.StartWorkerAsync();

        await victim.KillAsync();
        cluster.Endpoint.Release();
        await cluster.WaitForAllSucceededAsync(10);

        Assert.Equal(10, await cluster.AskAsync("SELECT count(*) FROM darkroom.attempts WHERE status = 'unknown'"));
        Assert.Equal(1, await cluster.AskAsync("SELECT count(*) FROM darkroom.nodes WHERE lost"));
        await cluster.AssertLedgerAsync(10);
    }
}
