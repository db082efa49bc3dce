using Xunit;

namespace Darkroom.CrashTests;

public sealed class A_stopping_node
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task At_SIGTERM_it_finishes_its_calls_and_another_goes_on_admitting()
    {
        await using var cluster = await CrashCluster.StartAsync();
        var stopping = await cluster.StartWorkerAsync("Darkroom:Worker:DrainTimeout=00:01:00");
        cluster.Endpoint.Hold();
        await CrashCluster.SubmitAsync(stopping, 5);
        await cluster.Endpoint.Account.WaitForHeldAsync(5, Ct);
        var successor = await cluster.StartWorkerAsync();

        var exit = stopping.TerminateAsync(Ct);
        await cluster.WaitUntilAsync("SELECT count(*) FROM darkroom.nodes WHERE NOT accepting", 1);
        await CrashCluster.SubmitAsync(successor, 5);
        await cluster.Endpoint.Account.WaitForHeldAsync(10, Ct);
        cluster.Endpoint.Release();

        Assert.Equal(0, await exit);
        await cluster.WaitForAllSucceededAsync(10);
        Assert.Equal(10, await cluster.AskAsync("SELECT count(*) FROM darkroom.attempts"));
        await cluster.AssertLedgerAsync(10);
    }
}
