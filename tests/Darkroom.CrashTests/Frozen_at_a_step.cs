using Xunit;

namespace Darkroom.CrashTests;

public sealed class Frozen_at_a_step
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>It holds the lease of admission too. What it had received waits for it; what it had not sent, it does not send any more.</summary>
    [Theory]
    [InlineData(Step.Admitted)]
    [InlineData(Step.Claimed)]
    [InlineData(Step.ManifestWritten)]
    [InlineData(Step.Received)]
    [InlineData(Step.Stored)]
    [InlineData(Step.Recording)]
    [InlineData(Step.Recorded)]
    internal async Task Past_its_rescue_one_call_is_made_and_one_result_recorded(Step step)
    {
        await using var cluster = await CrashCluster.StartAsync();
        var frozen = await cluster.StartWorkerAsync(step, Signal.Stop);
        await CrashCluster.SubmitToVictimAsync(frozen);
        await frozen.WaitUntilFrozenAsync(Ct);
        await cluster.StartWorkerAsync();
        await cluster.WaitUntilAsync("SELECT count(*) FROM darkroom.nodes WHERE lost", 1);

        await frozen.ThawAsync();
        await cluster.WaitForAllSucceededAsync(1);

        await cluster.WaitForNoOpenCallsAsync();
        cluster.AssertCalls(1);
        await cluster.AssertLedgerAsync(1);
    }

    [Fact]
    public async Task Within_a_body_its_late_answer_is_kept_as_superseded()
    {
        await using var cluster = await CrashCluster.StartAsync();
        cluster.Endpoint.Faults.Add("trickle every=20ms bytes=2048", times: 1);
        var frozen = await cluster.StartWorkerAsync();
        await CrashCluster.SubmitToVictimAsync(frozen);
        await cluster.WaitForPartOfABodyAsync();
        await frozen.FreezeAsync();
        await cluster.StartWorkerAsync();
        await cluster.WaitForAllSucceededAsync(1);

        await frozen.ThawAsync();
        await cluster.WaitUntilAsync("SELECT count(*) FROM darkroom.attempts WHERE status = 'superseded' AND usage IS NOT NULL", 1);

        cluster.AssertCalls(2);
        await cluster.AssertLedgerAsync(1);
    }
}
