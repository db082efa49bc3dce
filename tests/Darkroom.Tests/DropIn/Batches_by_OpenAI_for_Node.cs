using System.Text.Json;
using Darkroom.Tests.Infrastructure;
using Xunit;

namespace Darkroom.Tests.DropIn;

public sealed class Batches_by_OpenAI_for_Node
{
    const string Upload = """
        const line = (id, prompt) => JSON.stringify({ custom_id: id, method: "POST", url: "/v1/images/generations", body: { model: "gpt-image-1.5", prompt, quality: "low" } });
        const upload = text => client.files.create({ file: new File([text], "prompts.jsonl"), purpose: "batch" });
        const ended = async id => { for (;;) { const b = await client.batches.retrieve(id); if (!["validating", "in_progress", "finalizing", "cancelling"].includes(b.status)) return b;
          await new Promise(next => setTimeout(next, 50)); } };

        """;

    [Fact]
    public async Task From_a_file_to_output_and_error_file()
    {
        await using var cluster = await DropInWorker.StartAsync();

        var answer = await RunAsync(cluster, """
            const file = await upload([line("one", "a cat"), line("two", "x [[fault:moderation_blocked]]"), line("three", "a dog")].join("\n"));
            const batch = await client.batches.create({ input_file_id: file.id, endpoint: "/v1/images/generations", completion_window: "24h", metadata: { shelf: "7" } });
            const done = await ended(batch.id);
            const read = async id => (await (await client.files.content(id)).text()).trim().split("\n").map(JSON.parse);
            const output = await read(done.output_file_id), errors = await read(done.error_file_id);
            const listed = []; for await (const b of client.batches.list()) listed.push(b.id);
            return { created: batch.status, status: done.status, counts: done.request_counts, shelf: done.metadata.shelf, usage: done.usage.output_tokens > 0,
              output: output.map(l => [l.custom_id, l.response.status_code, l.response.body.data.length, l.error]),
              errors: errors.map(l => [l.custom_id, l.error.code, l.response.status_code, l.response.body.error.code]), listed: listed.includes(batch.id) };
            """);

        Assert.Equal("""
            {"created":"validating","status":"completed","counts":{"total":3,"completed":2,"failed":1},"shelf":"7","usage":true,"output":[["one",200,1,null],["three",200,1,null]],"errors":[["two","moderation_blocked",400,"moderation_blocked"]],"listed":true}
            """, answer.GetRawText());
    }

    [Fact]
    public async Task Every_wrong_line_is_named_and_nothing_is_bought()
    {
        await using var cluster = await DropInWorker.StartAsync();

        var answer = await RunAsync(cluster, """
            const file = await upload([line("one", "a cat"), line("one", "a dog"), "{", line("four", " ")].join("\n"));
            const done = await ended((await client.batches.create({ input_file_id: file.id, endpoint: "/v1/images/generations", completion_window: "24h" })).id);
            return { status: done.status, lines: done.errors.data.map(e => e.line), total: done.request_counts.total };
            """);

        Assert.Equal("""{"status":"failed","lines":[2,3,4],"total":0}""", answer.GetRawText());
        Assert.Empty(cluster.Endpoint.Account.Calls);
    }

    [Fact]
    public async Task A_batch_is_cancelled_and_its_files_deleted()
    {
        await using var cluster = await DropInWorker.StartAsync("Darkroom:Endpoints:0:MaxInFlight=1");
        cluster.Endpoint.Hold();
        var running = RunAsync(cluster, """
            const file = await upload([line("one", "a cat"), line("two", "a dog")].join("\n"));
            const batch = await client.batches.create({ input_file_id: file.id, endpoint: "/v1/images/generations", completion_window: "24h" });
            for (;;) { const now = await client.batches.retrieve(batch.id); if (now.counts.running === 1) break; await new Promise(next => setTimeout(next, 50)); }
            const cancelling = (await client.batches.cancel(batch.id)).status;
            await client.batches.retrieve("batch_none").catch(e => { if (e.status !== 404) throw e; });
            const done = await ended(batch.id);
            const gone = await client.files.delete(file.id);
            return { cancelling, status: done.status, counts: done.request_counts, deleted: gone.deleted };
            """);
        await cluster.Endpoint.Account.WaitForHeldAsync(1, TestContext.Current.CancellationToken);
        await using var look = cluster.Database.DataSource.CreateCommand("SELECT count(*) FROM darkroom.batches WHERE status = 'cancelling'");
        while (await look.ExecuteScalarAsync(TestContext.Current.CancellationToken) is 0L)
            await Task.Delay(20, TestContext.Current.CancellationToken);

        cluster.Endpoint.Release();

        Assert.Equal("""{"cancelling":"cancelling","status":"cancelled","counts":{"total":2,"completed":1,"failed":1},"deleted":true}""", (await running).GetRawText());
        Assert.Single(cluster.Endpoint.Account.Calls);
    }

    static Task<JsonElement> RunAsync(DropInWorker cluster, string body) => OpenAiForNode.RunAsync(cluster.Worker.Address, TestWorker.AdminKey, Upload + body);
}
