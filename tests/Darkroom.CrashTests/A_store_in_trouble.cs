using Darkroom.Tests.Storage;
using Xunit;

namespace Darkroom.CrashTests;

/// <summary>A real blob service behind a line that can be cut.</summary>
public sealed class A_store_in_trouble(Azurite azurite) : IClassFixture<Azurite>, IAsyncLifetime
{
    TcpRelay line = null!;

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    string[] Settings => ["Darkroom:Storage:Provider=AzureBlob", $"Darkroom:Storage:AzureBlob:Container=c{Guid.NewGuid():N}", $"ConnectionStrings:BlobStorage={Connection}"];

    string Connection => azurite.ConnectionString.Replace(Server.Authority, line.Address.Authority, StringComparison.Ordinal);

    Uri Server => new(azurite.ConnectionString.Split("BlobEndpoint=")[1].TrimEnd(';'));

    public ValueTask InitializeAsync()
    {
        line = new TcpRelay(Server);
        line.Start();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => line.DisposeAsync();

    [Fact]
    public async Task Killed_within_an_upload_the_answer_is_stored_by_another_and_not_bought_again()
    {
        await using var cluster = await CrashCluster.StartAsync();
        var settings = Settings;
        var victim = await cluster.StartWorkerAsync(settings);
        var held = line.HoldAfterAsync(10_000, Ct);
        await CrashCluster.SubmitAsync(victim, 1);
        await held;
        await victim.KillAsync();
        line.Release();

        await cluster.StartWorkerAsync(settings);
        await cluster.WaitForAllSucceededAsync(1);

        cluster.AssertCalls(1);
        await cluster.AssertLedgerAsync(1);
    }

    [Fact]
    public async Task Frozen_within_an_upload_it_stores_the_answer_when_thawed()
    {
        await using var cluster = await CrashCluster.StartAsync();
        var settings = Settings;
        var frozen = await cluster.StartWorkerAsync(settings);
        var held = line.HoldAfterAsync(10_000, Ct);
        await CrashCluster.SubmitAsync(frozen, 1);
        await held;
        await frozen.FreezeAsync();
        line.Stop();
        line.Release();
        line.Start();
        await cluster.StartWorkerAsync(settings);
        await cluster.WaitUntilAsync("SELECT count(*) FROM darkroom.nodes WHERE lost", 1);

        await frozen.ThawAsync();
        await cluster.WaitForAllSucceededAsync(1);

        cluster.AssertCalls(1);
        await cluster.AssertLedgerAsync(1);
    }

    [Fact]
    public async Task Down_for_the_whole_run_and_over_the_death_of_every_node_it_costs_no_second_call()
    {
        await using var cluster = await CrashCluster.StartAsync();
        var settings = Settings;
        WorkerProcess[] first = [await cluster.StartWorkerAsync(settings), await cluster.StartWorkerAsync(settings)];
        line.Stop();
        await CrashCluster.SubmitAsync(first[0], 10);
        await cluster.WaitUntilAsync("SELECT count(*) FROM darkroom.attempts WHERE status = 'received'", 10);
        await first[0].KillAsync();
        await cluster.WaitUntilAsync("SELECT count(*) FROM darkroom.nodes WHERE lost", 1);
        await first[1].KillAsync();
        cluster.Launch(settings);
        await cluster.WaitUntilAsync("SELECT count(*) FROM darkroom.nodes WHERE lost", 2);

        line.Start();
        await cluster.WaitForAllSucceededAsync(10);

        cluster.AssertCalls(10);
        await cluster.AssertLedgerAsync(10);
    }

    [Fact]
    public async Task Down_when_a_batch_ends_it_gets_its_files_afterwards_and_once()
    {
        await using var cluster = await CrashCluster.StartAsync();
        var worker = await cluster.StartWorkerAsync(Settings);
        line.Stop();
        await cluster.InsertBatchAsync(worker, lines: 200, "failed", paused: false);
        await worker.WaitForOutputAsync("_error.jsonl waits for the store", Ct);
        var meanwhile = await cluster.IdsAsync("SELECT status FROM darkroom.batches");

        line.Start();
        await cluster.WaitUntilAsync("SELECT count(*) FROM darkroom.batches WHERE status = 'completed'", 1);

        Assert.Equal(["finalizing"], meanwhile);
        Assert.Equal(1, await cluster.AskAsync("SELECT count(*) FROM darkroom.webhook_deliveries WHERE type = 'batch.completed'"));
        var file = Assert.Single(await cluster.IdsAsync("SELECT replace(error_file_id::text, '-', '') FROM darkroom.batches"));
        var errors = await worker.Http.GetStringAsync(new Uri($"/v1/files/file-{file}/content", UriKind.Relative), Ct);
        Assert.Equal(200, errors.Count(c => c == '\n'));
    }
}
