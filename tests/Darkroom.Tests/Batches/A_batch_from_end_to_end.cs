using System.Text.Json;
using Darkroom.Migrations.Rows;
using Darkroom.Simulator;
using Darkroom.Tests.Api;
using Darkroom.Tests.Files;
using Darkroom.Tests.Infrastructure;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Darkroom.Tests.Batches;

public sealed class A_batch_from_end_to_end
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_file_that_one_process_took_is_read_and_worked_off_by_another()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var simulator = await SimulatorHost.StartAsync(o => o.LatencyScale = 0);
        using var store = new Storage.TestFolder();
        await using var api = await TestWorker.StartAsync(database, simulator, "Darkroom:Roles=api", $"Darkroom:Storage:FileSystem:Root={store.Path}");
        await using var worker = await TestWorker.StartAsync(database, simulator, "Darkroom:Roles=worker", $"Darkroom:Storage:FileSystem:Root={store.Path}");
        using var client = api.Client();
        var rows = new Rows(database);

        var file = await client.UploadAsync(string.Join('\n', Enumerable.Range(0, 12).Select(i =>
            $$$"""{"custom_id":"{{{i}}}","method":"POST","url":"/v1/images/generations","body":{"model":"gpt-image-1.5","prompt":"owl {{{i}}}","quality":"low"}}""")));
        using var created = await client.PostJsonAsync("/v1/batches", $$"""{"input_file_id":"{{file.IdOf()}}"}""");
        var id = (await created.JsonAsync()).IdOf();
        await worker.Log.WaitForAsync("12 lines are jobs now", Cancel);
        await using var db = rows.CreateDbContext();
        await rows.WaitForAsync(await db.Jobs.Where(j => j.BatchId != null).Select(j => j.Id).ToListAsync(Cancel), [JobStatus.Succeeded], Cancel);

        var counts = (await client.GetJsonAsync($"/v1/batches/{id}")).GetProperty("request_counts");
        Assert.Equal((12, 12, 0), (Count(counts, "total"), Count(counts, "completed"), Count(counts, "failed")));

        static int Count(JsonElement counts, string name) => counts.GetProperty(name).GetInt32();
    }
}
