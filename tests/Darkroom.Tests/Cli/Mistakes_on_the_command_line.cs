using System.Text.Json;
using Xunit;

namespace Darkroom.Tests.Cli;

public sealed class Mistakes_on_the_command_line
{
    [Theory]
    [InlineData("sbmit", "Unrecognized command or argument 'sbmit'.")]
    [InlineData("submit a red door", "put quotes around a prompt of several words")]
    [InlineData("submit --chek", "'--chek' is no option of submit")]
    [InlineData("submit missing.csv", "There is no file 'missing.csv'. Nothing was submitted.")]
    [InlineData("submit door --template {x}", "--template is for a .csv. Nothing was submitted.")]
    [InlineData("submit door --check", "--check is for a file.")]
    [InlineData("submit door --n 0", "--n must be 1 to 1000, not '0'.")]
    [InlineData("submit door --metadata nopair", "--metadata 'nopair' is no pair; it looks like campaign=spring.")]
    [InlineData("submit door --on-unknown wait", "'wait' not recognized")]
    [InlineData("submit door", "Set DARKROOM_URL or give --url")]
    [InlineData("jobs", "Set DARKROOM_URL or give --url")]
    [InlineData("jobs --url nowhere", "'nowhere' is no address of Darkroom")]
    [InlineData("jobs --url http://127.0.0.1:1", "Set DARKROOM_API_KEY or give --api-key")]
    [InlineData("watch batch_1 batch_2", "One batch at a time, or jobs.")]
    [InlineData("download job_1 --parallel 99", "--parallel must be 1 to 32.")]
    [InlineData("usage --by week", "--by 'week' is none of day, project")]
    public async Task A_mistake_is_told_in_words_on_standard_error_and_ends_with_2(string arguments, string expected)
    {
        var run = await CommandRun.BareAsync(arguments.Split(' '));

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Out);
    }

    [Fact]
    public async Task A_file_of_another_kind_is_not_taken_for_a_prompt()
    {
        var file = Path.GetTempFileName();

        var run = await CommandRun.BareAsync("submit", file);

        File.Delete(file);
        Assert.Equal((2, $"'{file}' is a file, but neither .jsonl nor .csv. Nothing was submitted.\n"), (run.ExitCode, run.Error));
    }

    [Fact]
    public async Task For_programs_a_mistake_is_json_on_standard_error()
    {
        var run = await CommandRun.BareAsync("jobs", "--json");

        Assert.Empty(run.Out);
        Assert.StartsWith("Where is Darkroom?", JsonDocument.Parse(run.Error).RootElement.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_nothing_listens_the_exit_code_is_5()
    {
        var run = await CommandRun.WithAsync(new Uri("http://127.0.0.1:1"), TestContext.Current.CancellationToken, "submit", "a door", "--model", "m");

        Assert.Equal(5, run.ExitCode);
        Assert.Contains("cannot be reached", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData]
    [InlineData("--help")]
    public async Task The_help_names_every_command_and_exit_code(params string[] args)
    {
        var run = await CommandRun.BareAsync(args);

        Assert.Equal(0, run.ExitCode);
        foreach (var word in (string[])["submit", "watch", "download", "jobs", "batches", "cancel", "retry", "usage", "models", "keys", "130  interrupted", "DARKROOM_URL"])
            Assert.Contains(word, run.Out, StringComparison.Ordinal);
    }
}
