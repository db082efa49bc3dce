using Darkroom.Simulator;
using Darkroom.Worker.Endpoint;
using Xunit;

namespace Darkroom.Tests.Endpoint;

public sealed class Many_calls
{
    [Fact]
    public async Task Are_in_flight_at_once_and_each_has_its_answer()
    {
        const int Count = 1000;
        await using var simulator = await SimulatorHost.StartAsync();
        simulator.Hold();
        using var endpoint = new OneEndpoint(simulator.BaseAddress, openPicture: _ => new MemoryStream());
        var calls = Enumerable.Range(0, Count).Select(i => endpoint.CallAsync($"door {i}")).ToList();
        await simulator.Account.WaitForInFlightAsync(Count, TestContext.Current.CancellationToken);
        simulator.Release();
        Assert.All(await Task.WhenAll(calls), outcome => Assert.IsType<CallOutcome.Answered>(outcome));
        Assert.Equal(Count, simulator.Account.Calls.Count);
    }
}
