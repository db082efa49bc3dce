using System.Text.Json;
using Darkroom.Client;
using Xunit;

namespace Darkroom.Tests.Cli;

/// <summary>From a file to a folder of pictures, on a whole worker.</summary>
public sealed class Submitting_files
{
    const string Model = "gpt-image-1.5";

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_table_with_a_template_becomes_a_batch_and_a_folder_of_pictures()
    {
        await using var server = await CliServer.StartAsync();
        var table = server.File("products.csv", "sku,name,colour\nA-1,\"lamp, tall\",red\nA-2,sofa,blue\nB 3,vase,green\n");

        var submitted = await server.RunAsync(
            Cancel, "submit", table, "--template", "a studio photo of {name} on {colour}", "--custom-id", "{sku}", "--model", Model, "--quality", "low", "--watch");
        var batch = Assert.Single(await server.Darkroom.ListBatchesAsync(Cancel).ToListAsync(Cancel));
        var download = await server.RunAsync(Cancel, "download", batch.Id, "-o", server.Output);

        Assert.True(submitted.ExitCode == 0, submitted.All);
        Assert.Contains($"{batch.Id} completed: 3 of 3 done, 0 failed, 0 held; 3 pictures, ", submitted.Out, StringComparison.Ordinal);
        Assert.True(download.ExitCode == 0, download.All);
        Assert.Equal(["A-1-0.png", "A-2-0.png", "B_3-0.png", "manifest.csv"], Directory.GetFiles(server.Output).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Contains("\"a studio photo of lamp, tall on red\"", await File.ReadAllTextAsync(Path.Combine(server.Output, "manifest.csv"), Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mistake_here_or_there_is_told_by_line_and_nothing_is_submitted()
    {
        await using var server = await CliServer.StartAsync();
        var here = server.File("here.jsonl", "{\"prompt\":\"x\"}\n{\"promt\":\"x\"}\n");
        var there = server.File("there.jsonl", "{\"prompt\":\"x\"}\n\n{\"prompt\":\"x\",\"n\":99}\n{\"prompt\":\"x\",\"quality\":\"best\"}\n");

        var first = await server.RunAsync(Cancel, "submit", here, "--model", Model);
        var files = await server.Darkroom.ListFilesAsync(cancellationToken: Cancel).ToListAsync(Cancel);
        var second = await server.RunAsync(Cancel, "submit", there, "--model", Model);

        Assert.True(first.ExitCode == 2 && first.Error.StartsWith($"{here}:2:2: 'promt' is no known field", StringComparison.Ordinal), first.All);
        Assert.Empty(files);
        Assert.True(second.ExitCode == 2, second.All);
        Assert.Contains($"{there}:3: 'body.n' ", second.Error, StringComparison.Ordinal);
        Assert.Contains($"{there}:4: 'body.quality' ", second.Error, StringComparison.Ordinal);
        Assert.EndsWith("Nothing was submitted.\n", second.Error, StringComparison.Ordinal);
        Assert.Empty(await server.Darkroom.ListJobsAsync(cancellationToken: Cancel).ToListAsync(Cancel));
    }

    [Fact]
    public async Task Bad_lines_are_skipped_when_asked_for()
    {
        await using var server = await CliServer.StartAsync();
        var lines = server.File("lines.jsonl", "{\"prompt\":\"x\"}\n{\"prompt\":\"x\",\"n\":99}\n");

        var run = await server.RunAsync(Cancel, "submit", lines, "--model", Model, "--skip-invalid", "--json", "--watch");

        Assert.True(run.ExitCode == 0, run.All);
        var ended = JsonSerializer.Deserialize(run.Lines[^1], DarkroomJson.Answers.Batch)!;
        Assert.Equal(("completed", 1, 1), (ended.Status, ended.SkippedLines, ended.Counts.Succeeded));
    }

    [Fact]
    public async Task What_failed_ends_with_3_and_is_tried_again_as_a_batch_of_its_own()
    {
        await using var server = await CliServer.StartAsync();
        var lines = server.File("lines.jsonl", "{\"prompt\":\"x\"}\n{\"prompt\":\"[[fault:moderation_blocked x1]] y\"}\n");

        var run = await server.RunAsync(Cancel, "submit", lines, "--model", Model, "--watch");
        var batch = Assert.Single(await server.Darkroom.ListBatchesAsync(Cancel).ToListAsync(Cancel));
        var retry = await server.RunAsync(Cancel, "batches", "retry-failed", batch.Id, "--json");
        var again = JsonSerializer.Deserialize(retry.Out, DarkroomJson.Answers.Batch)!;
        var watched = await server.RunAsync(Cancel, "watch", again.Id);

        Assert.True(run.ExitCode == 3 && run.Error.Contains($"'darkroom batches retry-failed {batch.Id}' tries those again", StringComparison.Ordinal), run.All);
        Assert.Equal(batch.Id, again.RetryOf);
        Assert.True(watched.ExitCode == 0 && watched.Out.Contains("1 of 1 done", StringComparison.Ordinal), watched.All);
    }

    [Fact]
    public async Task Held_lines_end_the_watching_with_4()
    {
        await using var server = await CliServer.StartAsync();
        var lines = server.File("lines.jsonl", "{\"prompt\":\"x\"}\n{\"prompt\":\"[[fault:http_500 x1]] y\"}\n");

        var run = await server.RunAsync(Cancel, "submit", lines, "--model", Model, "--on-unknown", "hold", "--watch");

        Assert.True(run.ExitCode == 4 && run.Out.Contains("1 of 2 done, 0 failed, 1 held", StringComparison.Ordinal), run.All);
        Assert.Contains("A person must decide", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_batch_is_paused_resumed_listed_shown_and_cancelled()
    {
        await using var server = await CliServer.StartAsync(null, "Darkroom:Endpoints:0:MaxInFlight=1");
        var lines = server.File("lines.jsonl", string.Concat(Enumerable.Repeat("{\"prompt\":\"[[latency:2s]] x\"}\n", 50)));
        var submitted = await server.RunAsync(Cancel, "submit", lines, "--model", Model);
        var id = submitted.Out.Split(' ')[0];

        var paused = await server.RunAsync(Cancel, "batches", "pause", id);
        var list = await server.RunAsync(Cancel, "batches");
        var resumed = await server.RunAsync(Cancel, "batches", "resume", id);
        var shown = await server.RunAsync(Cancel, "batches", "show", id, "--json");
        var canceled = await server.RunAsync(Cancel, "cancel", id);
        var watched = await server.RunAsync(Cancel, "watch", id);

        Assert.Contains("now      paused: ", paused.Out, StringComparison.Ordinal);
        Assert.Contains($"{id} paused", list.Lines[1], StringComparison.Ordinal);
        Assert.Contains("now      in_progress: ", resumed.Out, StringComparison.Ordinal);
        Assert.Equal(id, JsonSerializer.Deserialize(shown.Out, DarkroomJson.Answers.Batch)!.Id);
        Assert.Contains("now      cancel", canceled.Out, StringComparison.Ordinal);
        Assert.True(watched.ExitCode == 3 && watched.Out.StartsWith($"{id} cancelled: ", StringComparison.Ordinal), watched.All);
    }

    [Fact]
    public async Task On_a_terminal_bars_move_and_the_end_is_said_on_standard_output()
    {
        await using var server = await CliServer.StartAsync();
        var lines = server.File("lines.jsonl", "{\"prompt\":\"x\"}\n");
        Dictionary<string, string> environment = new()
        {
            ["DARKROOM_URL"] = server.Address.ToString(),
            ["DARKROOM_API_KEY"] = Infrastructure.TestWorker.AdminKey,
            ["DARKROOM_MODEL"] = Model,
        };

        var run = await CommandRun.RunAsync(["submit", lines, "--watch"], environment, onTerminal: true, Cancel);

        Assert.True(run.ExitCode == 0, run.All);
        Assert.Contains("━━━", run.Error, StringComparison.Ordinal);
        Assert.Contains("completed: 1 of 1 done", run.Out, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', run.Out);
    }
}
