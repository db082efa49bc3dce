using System.Text.Json;
using Darkroom.Migrations.Rows;
using Darkroom.Simulator;
using Darkroom.Tests.Api;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Admission;
using Darkroom.Worker.Api;
using Darkroom.Worker.Batches;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Darkroom.Tests.Batches;

/// <summary>By a whole worker, from queued lines to the files of an ended batch.</summary>
public sealed class The_files_of_a_batch : IAsyncLifetime
{
    TestDatabase database = null!;
    SimulatorHost simulator = null!;
    Rows rows = null!;

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        simulator = await SimulatorHost.StartAsync(o => o.LatencyScale = 0);
        rows = new Rows(database);
    }

    public async ValueTask DisposeAsync()
    {
        await simulator.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task Say_in_the_order_of_the_input_what_became_of_every_line()
    {
        await using var worker = await TestWorker.StartAsync(database, simulator);
        var (batch, lines) = await AddAsync([JobStatus.Queued, JobStatus.Failed, JobStatus.Queued, JobStatus.Canceled, JobStatus.Queued]);
        worker.Get<WorkSignal>().Raise();
        var ended = await EndedAsync(batch.Id);

        Assert.Equal((BatchStatus.Completed, 3, 1, 1), (ended.Status, ended.Succeeded, ended.Failed, ended.Canceled));
        using var client = worker.Client();
        var output = await LinesAsync(client, ended.OutputFileId);
        Assert.Equal(["line-0", "line-2", "line-4"], output.Select(l => l.GetProperty("custom_id").GetString()));
        Assert.All(output, line =>
        {
            Assert.Equal(200, line.GetProperty("response").GetProperty("status_code").GetInt32());
            Assert.StartsWith("req_", line.GetProperty("response").GetProperty("request_id").GetString());
            Assert.Equal(JsonValueKind.Null, line.GetProperty("error").ValueKind);
        });
        var body = output[0].GetProperty("response").GetProperty("body");
        Assert.True(body.GetProperty("usage").GetProperty("total_tokens").GetInt64() > 0);
        using var keyless = new HttpClient();
        var picture = await keyless.GetByteArrayAsync(body.GetProperty("data")[0].GetProperty("url").GetString(), Ct);
        Assert.Equal((await rows.JobAsync(lines[0].Id)).Images[0].Bytes, picture.Length);

        var errors = await LinesAsync(client, ended.ErrorFileId);
        Assert.Equal(["line-1", "line-3"], errors.Select(l => l.GetProperty("custom_id").GetString()));
        Assert.Equal(["moderation_blocked", "batch_cancelled"], errors.Select(l => l.GetProperty("error").GetProperty("code").GetString()));
        // As OpenAI has it: the endpoint's own refusal is a response; what nobody answered is none.
        var refusal = errors[0].GetProperty("response");
        Assert.Equal((400, "moderation_blocked"), (refusal.GetProperty("status_code").GetInt32(), refusal.GetProperty("body").GetProperty("error").GetProperty("code").GetString()));
        Assert.Equal(["error"], refusal.GetProperty("body").EnumerateObject().Select(p => p.Name));
        Assert.Equal(JsonValueKind.Null, errors[1].GetProperty("response").ValueKind);
    }

    [Fact]
    public async Task Hold_the_pictures_themselves_where_the_batch_asked_for_it()
    {
        await using var worker = await TestWorker.StartAsync(database, simulator);
        var (batch, lines) = await AddAsync([JobStatus.Queued], base64: true);
        worker.Get<WorkSignal>().Raise();
        var ended = await EndedAsync(batch.Id);

        using var client = worker.Client();
        var line = Assert.Single(await LinesAsync(client, ended.OutputFileId));
        var picture = line.GetProperty("response").GetProperty("body").GetProperty("data")[0];
        Assert.Equal(["b64_json"], picture.EnumerateObject().Select(p => p.Name));
        var stored = await client.GetByteArrayAsync(new Uri($"/v1/jobs/{WireId.Job.Format(lines[0].Id)}/images/0", UriKind.Relative), Ct);
        Assert.Equal(stored, picture.GetProperty("b64_json").GetBytesFromBase64());
        Assert.Null(ended.ErrorFileId);
    }

    [Fact]
    public async Task Are_not_there_where_no_line_would_be_in_them()
    {
        await using var worker = await TestWorker.StartAsync(database, simulator);
        var (batch, _) = await AddAsync([JobStatus.Failed, JobStatus.Failed]);
        var (empty, _) = await AddAsync([], status: BatchStatus.Cancelling);
        worker.Get<WorkSignal>().Raise();

        Assert.Equal((null, true), ((await EndedAsync(batch.Id)).OutputFileId, (await EndedAsync(batch.Id)).ErrorFileId is not null));
        Assert.Equal((null, null), ((await EndedAsync(empty.Id)).OutputFileId, (await EndedAsync(empty.Id)).ErrorFileId));
    }

    /// <summary>The last transaction makes the files the batch's own; what a crash before it left goes in a day.</summary>
    [Fact]
    public async Task Stay_as_long_as_the_batch_says_and_what_a_loser_wrote_goes_in_a_day()
    {
        await using var worker = await TestWorker.StartAsync(database, simulator, "Darkroom:Worker:Slots=1");
        var (batch, _) = await AddAsync([JobStatus.Failed], status: BatchStatus.Finalizing);
        var (output, batches) = (worker.Get<BatchOutput>(), worker.Get<BatchTransitions>());
        var loser = await output.WriteAsync(batch, Ct);
        var winner = await EndedAsync(batch.Id);

        Assert.False(await batches.FinishAsync(batch.Id, loser, Ct));
        Assert.NotEqual(loser.ErrorFileId, winner.ErrorFileId);
        await using var db = rows.CreateDbContext();
        Assert.Null((await db.Files.SingleAsync(f => f.Id == winner.ErrorFileId, Ct)).ExpiresAt);
        Assert.NotNull((await db.Files.SingleAsync(f => f.Id == loser.ErrorFileId, Ct)).ExpiresAt);
    }

    async Task<(Batch, List<Job>)> AddAsync(string[] lines, string status = BatchStatus.InProgress, bool base64 = false) =>
        await rows.AddBatchAsync(status, lines, await database.DefaultProjectAsync(), base64: base64);

    async Task<Batch> EndedAsync(Guid id)
    {
        while (true)
        {
            Ct.ThrowIfCancellationRequested();
            var batch = await rows.BatchAsync(id);
            if (BatchStatus.Final.Contains(batch.Status))
                return batch;
            await Task.Yield();
        }
    }

    static async Task<List<JsonElement>> LinesAsync(HttpClient client, Guid? file)
    {
        var text = await client.GetStringAsync(new Uri($"/v1/files/{WireId.File.Format(file!.Value)}/content", UriKind.Relative), Ct);
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        return [.. text.TrimEnd('\n').Split('\n').Select(l => JsonElement.Parse(l))];
    }
}
