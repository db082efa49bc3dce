using Darkroom.Client;
using Xunit;

namespace Darkroom.Tests.Cli;

/// <summary>A real signal to a real process.</summary>
public sealed class Ctrl_c
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ends_the_watching_says_so_and_leaves_the_job_running()
    {
        await using var server = await CliServer.StartAsync(o => o.LatencyScale = 1);
        var job = await server.Darkroom.SubmitAsync(new() { Model = "gpt-image-1.5", Prompt = "a red door", Quality = "high" }, cancellationToken: Cancel);
        using var command = CliProcess.Start(server.Address, "watch", job.Id);
        await command.SaysAsync(job.Id, onError: false, Cancel);

        command.Interrupt();

        Assert.Contains($"The work goes on at Darkroom: 'darkroom watch {job.Id}' looks again", await command.SaysAsync("goes on", onError: true, Cancel), StringComparison.Ordinal);
        Assert.Equal(130, await command.ExitCodeAsync(Cancel));
        Assert.Contains((await server.Darkroom.GetJobAsync(job.Id, Cancel)).Status, (string[])["queued", "running"]);
        await server.Darkroom.CancelJobAsync(job.Id, Cancel);
    }
}
