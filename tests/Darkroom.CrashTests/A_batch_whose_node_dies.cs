using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Darkroom.CrashTests;

/// <summary>Killed while it reads lines, while it cancels and while it writes files: another node goes on, and nothing is doubled or left.</summary>
public sealed class A_batch_whose_node_dies
{
    const int Lines = 20_000;

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task In_the_middle_of_its_lines_another_reads_all_and_each_is_a_job_once()
    {
        const int lines = 100;
        await using var cluster = await CrashCluster.StartAsync();
        var victim = await cluster.StartWorkerAsync();
        await using (await cluster.HoldAtJobAsync("line 70"))
        {
            await SubmitAsync(victim, lines);
            await cluster.WaitUntilTrueAsync("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY%' AND wait_event = 'advisory')");
            await victim.KillAsync();
        }

        await cluster.StartWorkerAsync();
        Assert.Equal(1, await cluster.AskAsync("SELECT count(*) FROM darkroom.batches WHERE status = 'validating'"));
        Assert.Equal(0, await cluster.AskAsync("SELECT count(*) FROM darkroom.jobs"));
        // The victim's claim runs out by the clock.
        await cluster.ShiftClockAsync(TimeSpan.FromMinutes(1));
        await cluster.WaitUntilAsync("SELECT count(*) FROM darkroom.batches WHERE status = 'completed'", 1);

        Assert.Equal(lines, await cluster.AskAsync("SELECT count(DISTINCT custom_id) FROM darkroom.jobs"));
        Assert.Equal(lines, await cluster.AskAsync("SELECT succeeded::bigint FROM darkroom.batches"));
        cluster.AssertCalls(lines);
        await cluster.AssertLedgerAsync(lines);
    }

    [Fact]
    public async Task In_the_middle_of_a_cancel_the_rest_is_cancelled_by_another()
    {
        await using var cluster = await CrashCluster.StartAsync();
        var victim = await cluster.StartWorkerAsync();
        var batch = await cluster.InsertBatchAsync(victim, Lines, "queued", paused: true);
        using var asked = await victim.Http.PostAsync(new Uri($"/v1/batches/batch_{batch:n}/cancel", UriKind.Relative), null, Ct);
        asked.EnsureSuccessStatusCode();
        await cluster.WaitUntilTrueAsync("SELECT EXISTS (SELECT FROM darkroom.jobs WHERE status = 'canceled')");
        await victim.KillAsync();

        await cluster.StartWorkerAsync();
        await cluster.WaitUntilAsync("SELECT count(*) FROM darkroom.batches WHERE status = 'cancelled'", 1);

        Assert.Equal(Lines, await cluster.AskAsync("SELECT count(*) FROM darkroom.jobs WHERE status = 'canceled'"));
        Assert.Equal(Lines, await cluster.AskAsync("SELECT canceled::bigint FROM darkroom.batches"));
        Assert.Equal(Lines, await cluster.AskAsync("SELECT count(*) FROM darkroom.job_events WHERE status = 'canceled'"));
        Assert.Equal(0, await cluster.AskAsync("SELECT count(*) FROM darkroom.batch_deltas"));
        cluster.AssertCalls(0);
    }

    [Fact]
    public async Task In_the_middle_of_its_files_another_writes_them_anew_and_tells_once()
    {
        await using var cluster = await CrashCluster.StartAsync();
        var victim = await cluster.StartWorkerAsync();
        var batch = await cluster.InsertBatchAsync(victim, Lines, "failed", paused: false);
        await cluster.WaitUntilTrueAsync("SELECT EXISTS (SELECT FROM darkroom.batches WHERE status = 'finalizing' AND claimed_until IS NOT NULL)");
        await victim.KillAsync();
        var wasFinalizing = await cluster.AskAsync("SELECT count(*) FROM darkroom.batches WHERE status = 'finalizing'");

        var other = await cluster.StartWorkerAsync();
        // The victim's claim runs out by the clock.
        await cluster.ShiftClockAsync(TimeSpan.FromMinutes(1));
        await cluster.WaitUntilAsync("SELECT count(*) FROM darkroom.batches WHERE status = 'completed'", 1);

        Assert.Equal(1, wasFinalizing);
        Assert.Equal(Lines, await cluster.AskAsync("SELECT failed::bigint FROM darkroom.batches"));
        Assert.Equal(1, await cluster.AskAsync("SELECT count(*) FROM darkroom.webhook_deliveries WHERE type = 'batch.completed'"));
        var file = Assert.Single(await cluster.IdsAsync($"SELECT error_file_id::text FROM darkroom.batches WHERE id = '{batch}'"));
        var lines = await other.Http.GetStringAsync(new Uri($"/v1/files/file-{Guid.Parse(file):n}/content", UriKind.Relative), Ct);
        Assert.Equal(Lines, lines.Count(c => c == '\n'));
    }

    static async Task SubmitAsync(WorkerProcess worker, int lines)
    {
        var text = string.Concat(Enumerable.Range(0, lines).Select(i =>
            $$$"""{"custom_id":"line {{{i}}}","method":"POST","url":"/v1/images/generations","body":{"model":"gpt-image-1.5","prompt":"an owl","quality":"low"}}{{{'\n'}}}"""));
        using var form = new MultipartFormDataContent { { new StringContent("batch"), "purpose" }, { new ByteArrayContent(Encoding.UTF8.GetBytes(text)), "file", "owls.jsonl" } };
        using var uploaded = await worker.Http.PostAsync(new Uri("/v1/files", UriKind.Relative), form, Ct);
        var file = (await uploaded.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>(Ct)).GetProperty("id").GetString();
        using var created = await worker.Http.PostAsJsonAsync(new Uri("/v1/batches", UriKind.Relative), new { input_file_id = file, endpoint = "/v1/images/generations", completion_window = "24h" }, Ct);
        created.EnsureSuccessStatusCode();
    }
}
