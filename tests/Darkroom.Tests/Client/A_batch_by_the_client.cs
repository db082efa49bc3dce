using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Darkroom.Client;
using Darkroom.Simulator;
using Darkroom.Tests.Infrastructure;
using Xunit;

namespace Darkroom.Tests.Client;

public sealed class A_batch_by_the_client
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_is_made_once_watched_to_its_end_and_read_as_results_as_a_file_and_as_an_archive()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var endpoint = await SimulatorHost.StartAsync(o => (o.LatencyScale, o.MinPictureBytes, o.MaxPictureBytes) = (0, 0, 0));
        await using var worker = await TestWorker.StartAsync(database, endpoint);
        using var darkroom = new DarkroomClient(worker.Address, TestWorker.AdminKey);
        var lines = string.Concat(Enumerable.Range(0, 120).Select(i =>
            $$$"""{"custom_id":"c{{{i}}}","method":"POST","url":"/v1/images/generations","body":{"model":"gpt-image-1.5","prompt":"{{{i}}}"}}""" + "\n"));
        var file = await darkroom.UploadFileAsync(new MemoryStream(Encoding.UTF8.GetBytes(lines)), "lines.jsonl", cancellationToken: Cancel);

        var batch = await darkroom.CreateBatchAsync(new() { InputFileId = file.Id, Priority = 3 }, "once", Cancel);
        var again = await darkroom.CreateBatchAsync(new() { InputFileId = file.Id, Priority = 3 }, "once", Cancel);
        var changes = await darkroom.WatchBatchAsync(batch.Id, cancellationToken: Cancel).ToListAsync(Cancel);
        batch = changes[^1].Batch!;

        Assert.Equal((batch.Id, "completed", 120, 3), (again.Id, batch.Status, batch.Counts.Succeeded, batch.Priority));
        Assert.Empty(await darkroom.WatchBatchAsync(batch.Id, changes[^1].EventId, Cancel).ToListAsync(Cancel));
        List<BatchResult> results = await darkroom.ListResultsAsync(batch.Id, cancellationToken: Cancel).ToListAsync(Cancel);
        var expected = Enumerable.Range(0, 120).Select(i => $"c{i}").Order();
        Assert.Equal(expected, results.Select(r => r.CustomId).Order());
        Assert.All(results, result => Assert.StartsWith("http", result.Response!.Body.Data![0].Url, StringComparison.Ordinal));
        var begun = await darkroom.ReadResultsAsync(batch.Id, null, 70, Cancel);
        var rest = await darkroom.ReadResultsAsync(batch.Id, begun.LastId, 70, Cancel);
        Assert.Equal((70, true, 50, false), (begun.Data.Count, begun.HasMore, rest.Data.Count, rest.HasMore));
        Assert.Equal(results.Select(r => r.CustomId), begun.Data.Concat(rest.Data).Select(r => r.CustomId));
        using var output = new StreamReader(await darkroom.OpenFileAsync(batch.OutputFileId!, Cancel));
        var first = JsonSerializer.Deserialize((await output.ReadLineAsync(Cancel))!, DarkroomJson.Answers.BatchResult)!;
        Assert.Equal(("c0", "succeeded"), (first.CustomId, first.Status));
        Assert.Equal(120, await PicturesOfArchiveAsync(darkroom, batch.Id));
    }

    /// <summary>Broken off once, and taken up again.</summary>
    static async Task<int> PicturesOfArchiveAsync(DarkroomClient darkroom, string batch)
    {
        using var zip = new MemoryStream();
        var buffer = new byte[1000];
        await using (var begun = await darkroom.OpenArchiveAsync(batch, cancellationToken: Cancel))
        {
            await begun.ReadExactlyAsync(buffer, Cancel);
            zip.Write(buffer);
        }
        await using var rest = await darkroom.OpenArchiveAsync(batch, zip.Length, Cancel);
        await rest.CopyToAsync(zip, Cancel);
        using var archive = new ZipArchive(zip);
        return archive.Entries.Count(entry => entry.Name.EndsWith(".png", StringComparison.Ordinal));
    }
}
