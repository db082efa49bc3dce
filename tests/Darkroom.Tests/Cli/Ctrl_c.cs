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

    [Fact]
    public async Task Leaves_a_batch_running_and_says_so()
    {
        await using var server = await CliServer.StartAsync(o => o.LatencyScale = 1);
        var lines = server.File("lines.jsonl", "{\"prompt\":\"x\"}\n{\"prompt\":\"y\"}\n");
        using var command = CliProcess.Start(server.Address, "submit", lines, "--model", "gpt-image-1.5", "--quality", "high", "--watch");
        await command.SaysAsync("in_progress: 0 of 2 done", onError: true, Cancel);

        command.Interrupt();

        var said = await command.SaysAsync("goes on", onError: true, Cancel);
        Assert.Equal(130, await command.ExitCodeAsync(Cancel));
        var batch = Assert.Single(await server.Darkroom.ListBatchesAsync(Cancel).ToListAsync(Cancel));
        Assert.Equal($"{batch.Id} goes on at Darkroom: 'darkroom watch {batch.Id}' looks again, 'darkroom cancel {batch.Id}' stops it.", said);
        Assert.Equal("in_progress", batch.Status);
        foreach (var job in await server.Darkroom.ListJobsAsync([("batch_id", batch.Id)], Cancel).ToListAsync(Cancel))
            await server.Darkroom.CancelJobAsync(job.Id, Cancel);
    }
}
