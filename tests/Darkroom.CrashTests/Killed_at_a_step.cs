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
        // A node that the machine kept waiting gives a claim back unused: an attempt more, and no call.
        Assert.Equal(attempts, await cluster.AskAsync("SELECT count(*) FROM darkroom.attempts WHERE status <> 'undelivered'"));
        cluster.AssertCalls(1);
        await cluster.AssertLedgerAsync(1);
        // Of a state and its event there are both or neither.
        Assert.Equal(1, await cluster.AskAsync("SELECT count(*) FROM darkroom.webhook_deliveries WHERE type = 'job.succeeded'"));
    }

    [Theory]
    [InlineData(Step.Raising, 0)]
    [InlineData(Step.Raised, 1)]
    internal async Task A_cancel_is_committed_with_its_event_or_not_at_all(Step step, int committed)
    {
        await using var cluster = await CrashCluster.StartAsync();
        var victim = await cluster.StartWorkerAsync(step, Signal.Kill);
        await CrashCluster.SubmitToVictimAsync(victim, notBefore: DateTimeOffset.UtcNow.AddDays(1));
        var cancel = $"/v1/jobs/job_{(await cluster.IdsAsync("SELECT replace(id::text, '-', '') FROM darkroom.jobs")).Single()}/cancel";
        await CrashCluster.AskVictimAsync(victim, cancel, new { });
        await victim.WaitForExitAsync(Ct);
        Assert.Equal(committed, await cluster.AskAsync("SELECT count(*) FROM darkroom.jobs WHERE status = 'canceled'"));
        Assert.Equal(committed, await cluster.AskAsync("SELECT count(*) FROM darkroom.webhook_deliveries WHERE type = 'job.canceled'"));

        var survivor = await cluster.StartWorkerAsync();
        using var again = await survivor.Http.PostAsync(new Uri(cancel, UriKind.Relative), null, Ct);

        Assert.True(again.IsSuccessStatusCode);
        Assert.Equal(1, await cluster.AskAsync("SELECT count(*) FROM darkroom.webhook_deliveries WHERE type = 'job.canceled'"));
        cluster.AssertCalls(0);
    }

    [Theory]
    [InlineData(Step.Raising)]
    [InlineData(Step.Raised)]
    internal async Task A_deadline_passes_once_with_one_event(Step step)
    {
        await using var cluster = await CrashCluster.StartAsync();
        var victim = await cluster.StartWorkerAsync(step, Signal.Kill);
        // Due no sooner than it is too late.
        var deadline = DateTimeOffset.UtcNow.AddSeconds(2);
        await CrashCluster.SubmitToVictimAsync(victim, deadline, deadline);
        await victim.WaitForExitAsync(Ct);

        await cluster.StartWorkerAsync();
        await cluster.WaitUntilAsync("SELECT count(*) FROM darkroom.jobs WHERE status = 'failed' AND error_code = 'deadline_exceeded'", 1);

        Assert.Equal(1, await cluster.AskAsync("SELECT count(*) FROM darkroom.webhook_deliveries WHERE type = 'job.failed'"));
        cluster.AssertCalls(0);
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
