using Xunit;

namespace Darkroom.CrashTests;

public sealed class Killed_at_a_step
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>From the manifest on, the answer is not bought again; before it, nothing had been sent.</summary>
    [Theory]
    [InlineData(Step.Admitted, 1)]
    [InlineData(Step.Claimed, 2)]
    [InlineData(Step.ManifestWritten, 1)]
    [InlineData(Step.Received, 1)]
    [InlineData(Step.Stored, 1)]
    [InlineData(Step.Recording, 1)]
    [InlineData(Step.Recorded, 1)]
    internal async Task One_call_is_made_and_one_result_recorded(Step step, int attempts)
    {
        await using var cluster = await CrashCluster.StartAsync();
        var victim = await cluster.StartWorkerAsync(step, Signal.Kill);
        await CrashCluster.SubmitToVictimAsync(victim);
        await victim.WaitForExitAsync(Ct);

        await cluster.StartWorkerAsync();
        await cluster.WaitForAllSucceededAsync(1);

        await cluster.WaitForNoOpenCallsAsync();
        Assert.Equal(attempts, await cluster.AskAsync("SELECT count(*) FROM darkroom.attempts"));
        cluster.AssertCalls(1);
        await cluster.AssertLedgerAsync(1);
        // Of a state and its event there are both or neither.
        Assert.Equal(1, await cluster.AskAsync("SELECT count(*) FROM darkroom.webhook_deliveries WHERE type = 'job.succeeded'"));
    }

    [Fact]
    public async Task Within_a_body_the_call_is_unknown_and_made_again()
    {
        await using var cluster = await CrashCluster.StartAsync();
        cluster.Endpoint.Faults.Add("stall", times: 1);
        var victim = await cluster.StartWorkerAsync();
        await CrashCluster.SubmitToVictimAsync(victim);
        await cluster.WaitForPartOfABodyAsync();
        await victim.KillAsync();

        await cluster.StartWorkerAsync();
        await cluster.WaitForAllSucceededAsync(1);

        cluster.AssertCalls(2);
        Assert.Equal(1, await cluster.AskAsync("SELECT count(*) FROM darkroom.attempts WHERE status = 'unknown'"));
        await cluster.AssertLedgerAsync(1);
    }
}
