using Darkroom.Simulator;
using Darkroom.Tests.Infrastructure;
using Xunit;

namespace Darkroom.Tests.DropIn;

/// <summary>A whole worker, the endpoint it calls, and a relay before it.</summary>
internal sealed class DropInWorker : IAsyncDisposable
{
    DropInWorker(TestDatabase database, SimulatorHost endpoint, TestWorker worker) =>
        (Database, Endpoint, Worker, Relay) = (database, endpoint, worker, new CuttingRelay(worker.Address));

    public TestDatabase Database { get; }

    public SimulatorHost Endpoint { get; }

    public TestWorker Worker { get; }

    public CuttingRelay Relay { get; }

    public static async Task<DropInWorker> StartAsync(params string[] settings)
    {
        var database = await TestDatabase.CreateAsync();
        var endpoint = await SimulatorHost.StartAsync();
        return new(database, endpoint, await TestWorker.StartAsync(database, endpoint, ["Darkroom:Backoff:Base=00:00:00.1", .. settings]));
    }

    /// <summary>Returns once the worker has noticed that a caller without a key went away.</summary>
    public async Task UnansweredAsync()
    {
        await using var look = Database.DataSource.CreateCommand(
            "SELECT EXISTS (SELECT FROM darkroom.idempotency_keys WHERE starts_with(key, 'unanswered '))");
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromMinutes(1));
        while (await look.ExecuteScalarAsync(patience.Token) is not true)
            await Task.Delay(20, patience.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await Relay.DisposeAsync();
        await Worker.DisposeAsync();
        await Endpoint.DisposeAsync();
        await Database.DisposeAsync();
    }
}
