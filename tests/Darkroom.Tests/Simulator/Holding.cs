using Darkroom.Simulator;
using Xunit;

namespace Darkroom.Tests.Simulator;

public class Holding
{
    [Fact]
    public async Task Held_calls_wait_in_flight_until_released_one_by_one_or_all()
    {
        await using var endpoint = await SimulatorHost.StartAsync();
        using var caller = new Caller(endpoint);
        endpoint.Hold();

        // Without pictures: an answer that is not read is in flight for as long as it does not fit into the socket.
        var calls = Enumerable.Range(0, 3).Select(number => caller.PromptAsync($"cat {number} [[fault:no_pictures]]")).ToList();
        await endpoint.Account.WaitForHeldAsync(3, Caller.Cancel);
        Assert.All(calls, call => Assert.False(call.IsCompleted));

        for (var released = 0; released < 2; released++)
        {
            endpoint.Release(1);
            calls.Remove(await Task.WhenAny(calls));
        }
        Assert.True(Assert.Single(endpoint.Account.Calls, call => call.Held).FinishedAt is null);
        Assert.False(calls.Single().IsCompleted);

        endpoint.Release();
        await calls.Single();
        // Before the next call: an answer is with its caller a moment before its call counts as finished.
        Assert.Equal(3, endpoint.Account.PeakInFlight);
        using var free = await caller.PromptAsync("cat 4");
    }

    [Fact]
    public async Task Only_prompts_with_the_text_are_held()
    {
        await using var endpoint = await SimulatorHost.StartAsync();
        using var caller = new Caller(endpoint);
        using var hold = await caller.AdminAsync(HttpMethod.Post, "/admin/hold", new { prompt = "cat" });

        var held = caller.PromptAsync("a cat");
        await endpoint.Account.WaitForInFlightAsync(1, Caller.Cancel);
        using var free = await caller.PromptAsync("a dog");
        Assert.False(held.IsCompleted);

        using var release = await caller.AdminAsync(HttpMethod.Post, "/admin/release");
        using var response = await held;
    }

    [Fact]
    public async Task A_stop_cuts_held_calls_off_without_delay()
    {
        var endpoint = await SimulatorHost.StartAsync();
        using var caller = new Caller(endpoint);
        endpoint.Hold();
        var held = caller.PromptAsync("a cat");
        await endpoint.Account.WaitForInFlightAsync(1, Caller.Cancel);

        await endpoint.DisposeAsync();

        await Assert.ThrowsAsync<HttpRequestException>(() => held);
        await Assert.ThrowsAsync<HttpRequestException>(() => caller.PromptAsync("a cat"));
    }
}
