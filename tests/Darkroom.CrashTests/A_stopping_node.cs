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
        Assert.Equal(0, await cluster.AskAsync("SELECT count(*) FROM darkroom.attempts WHERE status = 'unknown'"));
        cluster.AssertCalls(10);
        await cluster.AssertLedgerAsync(10);
    }

    [Fact]
    public async Task One_after_the_other_of_three_is_replaced_under_load_and_no_call_is_unknown()
    {
        const int Jobs = 150;
        await using var cluster = await CrashCluster.StartAsync();
        (cluster.Endpoint.Options.LatencyMin, cluster.Endpoint.Options.LatencyMax) = (TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(2));
        var old = await Task.WhenAll(cluster.StartWorkerAsync(), cluster.StartWorkerAsync(), cluster.StartWorkerAsync());
        var load = new Load(cluster, maxUnknownAttempts: 2);
        var loading = load.RunAsync(TimeSpan.FromMilliseconds(50), Jobs, Ct);

        foreach (var worker in old)
        {
            await cluster.StartWorkerAsync();
            Assert.Equal(0, await worker.TerminateAsync(Ct));
        }
        await loading;
        await cluster.WaitForAllSucceededAsync(Jobs);

        Assert.Equal(0, await cluster.AskAsync("SELECT count(*) FROM darkroom.attempts WHERE status = 'unknown'"));
        cluster.AssertCalls(Jobs);
        await cluster.AssertLedgerAsync(Jobs);
    }
}
