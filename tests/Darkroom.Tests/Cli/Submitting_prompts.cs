using System.Text.Json;
using Darkroom.Client;
using Xunit;

namespace Darkroom.Tests.Cli;

public sealed class Submitting_prompts
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_prompt_becomes_a_job_and_the_same_key_the_same_job()
    {
        await using var server = await CliServer.StartAsync();
        string[] args =
        [
            "submit", "a red door", "--model", "gpt-image-1.5", "--quality", "low", "--n", "2", "--size", "1024x1024", "--custom-id", "door", "--metadata", "a=b=c",
            "--priority", "1", "--max-attempts", "3", "--max-unknown-attempts", "1", "--on-unknown", "hold", "--idempotency-key", "once", "--json",
        ];

        var first = await server.RunAsync(Cancel, args);
        var second = await server.RunAsync(Cancel, args);
        var watched = await server.RunAsync(Cancel, [.. args, "--watch"]);

        var job = JsonSerializer.Deserialize(first.Out, DarkroomJson.Answers.Job)!;
        Assert.Equal((0, 0, 0), (first.ExitCode, second.ExitCode, watched.ExitCode));
        Assert.Equal(("a red door", "low", 2, "1024x1024", "door", 1, "b=c"), (job.Prompt, job.Quality, job.N, job.Size, job.CustomId, job.Priority, job.Metadata["a"]));
        Assert.Equal(job.Id, JsonSerializer.Deserialize(second.Out, DarkroomJson.Answers.Job)!.Id);
        var ended = JsonSerializer.Deserialize(watched.Lines[^1], DarkroomJson.Answers.Job)!;
        Assert.Equal((job.Id, "succeeded"), (ended.Id, ended.Status));
    }

    [Fact]
    public async Task A_key_that_may_only_submit_submits()
    {
        await using var server = await CliServer.StartAsync();
        var key = await server.Darkroom.CreateApiKeyAsync(new() { Name = "ci", Scopes = ["submit"] }, Cancel);

        var run = await server.RunAsync(Cancel, "submit", "a red door", "--model", "gpt-image-1.5", "--api-key", key.Key!);

        Assert.True(run.ExitCode == 0 && run.Out.StartsWith("job_", StringComparison.Ordinal), run.All);
    }

    [Fact]
    public async Task What_fails_ends_with_3_what_is_held_with_4_and_both_say_why()
    {
        await using var server = await CliServer.StartAsync();

        var failed = await server.RunAsync(Cancel, "submit", "[[fault:moderation_blocked]] x", "--model", "gpt-image-1.5", "--watch");
        var held = await server.RunAsync(Cancel, "submit", "[[fault:http_500]] x", "--model", "gpt-image-1.5", "--on-unknown", "hold", "--watch");

        Assert.Equal((3, 4), (failed.ExitCode, held.ExitCode));
        Assert.Contains(" failed: ", failed.Out, StringComparison.Ordinal);
        Assert.Contains(" held: ", held.Out, StringComparison.Ordinal);
        Assert.Contains("A person must decide: 'darkroom retry job_", held.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Jobs_attempts_usage_cancel_retry_and_keys_answer_in_words_and_in_json()
    {
        await using var server = await CliServer.StartAsync();
        var job = await server.Darkroom.SubmitAsync(new() { Model = "gpt-image-1.5", Prompt = "a \e[31m red\ndoor", Quality = "low", CustomId = "door" }, cancellationToken: Cancel);
        await server.RunAsync(Cancel, "watch", job.Id);

        var list = await server.RunAsync(Cancel, "jobs", "--custom-id", "door");
        var json = await server.RunAsync(Cancel, "jobs", "list", "--status", "succeeded,failed", "--json");
        var shown = await server.RunAsync(Cancel, "jobs", "show", job.Id);
        var attempts = await server.RunAsync(Cancel, "jobs", "attempts", job.Id);
        var usage = await server.RunAsync(Cancel, "usage", "--by", "model,quality");
        var cancel = await server.RunAsync(Cancel, "cancel", job.Id, "job_x");
        var key = await server.RunAsync(Cancel, "keys", "create", "ci", "--scope", "read", "--json");
        var id = JsonSerializer.Deserialize(key.Out, DarkroomJson.Answers.ApiKey)!.Id;
        var revoked = await server.RunAsync(Cancel, "keys", "revoke", id);
        var keys = await server.RunAsync(Cancel, "keys", "--status", "revoked");

        Assert.Contains($"{job.Id} succeeded door", list.Lines[1], StringComparison.Ordinal);
        Assert.Contains("a ·[31m red door", list.Lines[1], StringComparison.Ordinal);
        Assert.Equal(job.Id, JsonSerializer.Deserialize(json.Lines.Single(), DarkroomJson.Answers.Job)!.Id);
        Assert.Contains("custom id  door", shown.Out, StringComparison.Ordinal);
        Assert.Contains("succeeded", attempts.Lines[1], StringComparison.Ordinal);
        Assert.StartsWith("gpt-image-1.5 low     1        1     ", usage.Lines[1], StringComparison.Ordinal);
        Assert.Equal(1, cancel.ExitCode);
        Assert.Contains("There is no job 'job_x' in this project.", cancel.Error, StringComparison.Ordinal);
        Assert.Contains("status  revoked", revoked.Out, StringComparison.Ordinal);
        Assert.Contains(id, keys.Out, StringComparison.Ordinal);
    }
}
