using Xunit;

namespace Darkroom.ContainerTests;

public sealed class Three_workers
{
    const int Lines = 500;

    [Fact]
    public async Task One_killed_and_one_cut_off_half_way_through_a_batch_every_line_ends_once()
    {
        await using var stack = await Stack.UpAsync(workers: 3);
        var workers = await stack.ContainersAsync("worker");
        var batch = await BatchOfPictures.CreateAsync(stack, Lines);

        await stack.WaitUntilSucceededAsync(Lines / 5);
        await Command.RunAsync("docker", ["kill", workers[0]]);
        await stack.WaitUntilSucceededAsync(Lines * 2 / 5);
        await Command.RunAsync("docker", ["network", "disconnect", stack.Network, workers[1]]);
        // The one that is cut off keeps what it has received, until it can store it.
        await stack.WaitUntilAsync("SELECT count(*) FROM darkroom.nodes WHERE lost", 2);
        await Command.RunAsync("docker", ["network", "connect", stack.Network, workers[1]]);

        var output = await batch.OutputAsync();
        Assert.Equal(Lines, output.Count);
        Assert.Equal(Lines, output.Distinct().Count());
        await stack.AssertLedgerAsync(Lines);
        await stack.WaitUntilHealthyAsync(workers[1], workers[2]);
    }
}
