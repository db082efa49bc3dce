using System.Net;
using Xunit;

namespace Darkroom.CrashTests;

public sealed class A_lost_database
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Gone_for_longer_than_the_rescue_time_it_costs_no_job_no_node_and_no_second_call()
    {
        await using var cluster = await CrashCluster.StartWithPostgresAsync();
        WorkerProcess[] workers = [await cluster.StartWorkerAsync(), await cluster.StartWorkerAsync()];
        cluster.Endpoint.Hold();
        await CrashCluster.SubmitAsync(workers[0], 20);
        await cluster.Endpoint.Account.WaitForHeldAsync(20, Ct);

        await cluster.Own!.StopAsync(immediate: true, Ct);
        foreach (var worker in workers)
            await worker.WaitForReadinessAsync(ready: false, Ct);
        using (var refused = await CrashCluster.SubmitAsync(workers[1], "while it is gone"))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
            Assert.NotNull(refused.Headers.RetryAfter);
        }
        cluster.Endpoint.Release();
        await cluster.Endpoint.Account.WaitForCallsAsync(calls => calls.All(call => call.FinishedAt is not null), Ct);
        // The rescue time has passed in darkness before the database comes back.
        using (var dark = new PeriodicTimer(TimeSpan.FromSeconds(4)))
            await dark.WaitForNextTickAsync(Ct);
        await cluster.Own!.StartAsync(Ct);

        await cluster.WaitForAllSucceededAsync(20);
        foreach (var worker in workers)
            await worker.WaitForReadinessAsync(ready: true, Ct);
        Assert.Equal(0, await cluster.AskAsync("SELECT count(*) FROM darkroom.nodes WHERE lost"));
        cluster.AssertCalls(20);
        await cluster.AssertLedgerAsync(20);
    }
}
