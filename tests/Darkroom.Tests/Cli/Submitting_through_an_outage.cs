using System.Text.Json;
using Darkroom.Client;
using Xunit;

namespace Darkroom.Tests.Cli;

/// <summary>What was bought, or may have been, is told.</summary>
public sealed class Submitting_through_an_outage : IDisposable
{
    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("darkroom-test-");

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_outage_while_darkroom_checks_the_lines_is_outlasted()
    {
        // One look more than the client itself repeats.
        var looks = 0;
        await using var darkroom = await FalteringDarkroom.StartAsync();
        darkroom.IsAwayAtALook = () => ++looks <= 4;

        var run = await CommandRun.WithAsync(darkroom.Address, Cancel, "submit", Lines(), "--model", FalteringDarkroom.Model);

        Assert.True(run.ExitCode == 0 && run.Out.StartsWith("batch_1 in_progress, 1 request", StringComparison.Ordinal), run.All);
        Assert.StartsWith("batch_1: 1 request of ", run.Error, StringComparison.Ordinal);
        Assert.Contains("does not answer, trying on", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_batch_that_may_have_been_made_is_told_with_its_file_and_its_key()
    {
        await using var darkroom = await FalteringDarkroom.StartAsync();
        darkroom.TakesWithoutSayingSo = true;

        var run = await CommandRun.WithAsync(darkroom.Address, Cancel, "submit", Lines(), "--model", FalteringDarkroom.Model);
        var json = await CommandRun.WithAsync(darkroom.Address, Cancel, "submit", Lines(), "--model", FalteringDarkroom.Model, "--json");

        const string Hint = "Whether the batch was made is not known: 'darkroom batches --json' lists it, if so, with the input_file_id file-1.";
        Assert.True(run.ExitCode == 1 && run.Error.StartsWith(Hint, StringComparison.Ordinal), run.All);
        Assert.Equal((1, ""), (json.ExitCode, json.Out));
        Assert.Equal("server_error", Json(json).GetProperty("error").GetProperty("type").GetString());
        Assert.Equal((null, "file-1", "batch-of-file-1", Hint), Submission(json));
        Assert.Equal(Enumerable.Repeat("batch-of-file-1", 8), darkroom.Keys);
    }

    [Fact]
    public async Task A_job_that_may_have_been_taken_is_told_with_its_key()
    {
        await using var darkroom = await FalteringDarkroom.StartAsync();
        darkroom.TakesWithoutSayingSo = true;

        var run = await CommandRun.WithAsync(darkroom.Address, Cancel, "submit", "a door", "--model", FalteringDarkroom.Model);
        var json = await CommandRun.WithAsync(darkroom.Address, Cancel, "submit", "a door", "--model", FalteringDarkroom.Model, "--json");

        string[] keys = [.. darkroom.Keys.Distinct()];
        Assert.Equal((2, 8), (keys.Length, darkroom.Keys.Count));
        Assert.Contains($"Submitted again with --idempotency-key {keys[0]} it stays one job.", run.Error, StringComparison.Ordinal);
        Assert.Equal((1, 1, keys[1]), (run.ExitCode, json.ExitCode, Submission(json).IdempotencyKey));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Interrupted_while_darkroom_checks_the_lines_it_tells_the_batch_that_goes_on(bool asJson)
    {
        using var interrupt = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        await using var darkroom = await FalteringDarkroom.StartAsync();
        darkroom.Status = "validating";
        darkroom.IsAwayAtALook = () =>
        {
            interrupt.Cancel();
            return false;
        };

        var run = await CommandRun.WithAsync(
            darkroom.Address, interrupt.Token, ["submit", Lines(), "--model", FalteringDarkroom.Model, .. asJson ? ["--json"] : Array.Empty<string>()]);

        Assert.True(run.ExitCode == 130, run.All);
        Assert.Contains("batch_1 goes on at Darkroom: 'darkroom watch batch_1' looks again", run.Error, StringComparison.Ordinal);
        if (asJson)
            Assert.Equal(("batch_1", "file-1"), (Submission(run).BatchId, Submission(run).FileId));
    }

    [Fact]
    public async Task What_was_begun_is_told_before_it_is_watched()
    {
        using var interrupt = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var looks = 0;
        await using var darkroom = await FalteringDarkroom.StartAsync();
        darkroom.IsAwayAtALook = () =>
        {
            if (++looks == 2)
                interrupt.Cancel();
            return looks > 1;
        };

        var run = await CommandRun.WithAsync(darkroom.Address, interrupt.Token, "submit", Lines(), "--model", FalteringDarkroom.Model, "--watch", "--json");

        Assert.True(run.ExitCode == 130, run.All);
        Assert.Equal("batch_1", JsonSerializer.Deserialize(Assert.Single(run.Lines), DarkroomJson.Answers.Batch)!.Id);
    }

    public void Dispose() => folder.Delete(recursive: true);

    string Lines()
    {
        var path = Path.Combine(folder.FullName, "lines.jsonl");
        File.WriteAllText(path, "{\"prompt\":\"x\"}\n");
        return path;
    }

    static JsonElement Json(CommandRun run) => JsonDocument.Parse(run.Error).RootElement;

    static (string? BatchId, string? FileId, string? IdempotencyKey, string? Hint) Submission(CommandRun run)
    {
        var told = Json(run).GetProperty("submission");
        return (Text("batch_id"), Text("file_id"), Text("idempotency_key"), Text("hint"));

        string? Text(string name) => told.GetProperty(name).GetString();
    }
}
