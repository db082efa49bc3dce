using Darkroom.Client;
using Spectre.Console;

namespace Darkroom.Demo;

/// <summary>Waits for the jobs: with a live bar on a terminal, with a line a job elsewhere.</summary>
internal static class DemoProgress
{
    static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

    public static async Task<List<Job>> WatchAsync(DarkroomClient darkroom, List<Job> submitted, CancellationToken ct)
    {
        var watched = submitted.ToDictionary(job => job.Id);
        if (!AnsiConsole.Profile.Capabilities.Interactive || Console.IsOutputRedirected)
        {
            await FollowAsync(darkroom, watched, job => AnsiConsole.MarkupLineInterpolated($"  {job.CustomId,-9} {job.Status,-10} {job.Prompt}"), ct);
            return [.. watched.Values];
        }

        await AnsiConsole.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn(), new SpinnerColumn())
            .StartAsync(async progress =>
            {
                var bar = progress.AddTask($"0 of {watched.Count} pictures", maxValue: watched.Count);
                await FollowAsync(darkroom, watched, job =>
                {
                    bar.Increment(1);
                    bar.Description = Markup.Escape($"{bar.Value} of {watched.Count}: {Shortened(job.Prompt)}");
                }, ct);
            });
        return [.. watched.Values];
    }

    static async Task FollowAsync(DarkroomClient darkroom, Dictionary<string, Job> watched, Action<Job> ended, CancellationToken ct)
    {
        var open = watched.Keys.ToHashSet();
        while (open.Count > 0)
        {
            await Task.Delay(LookEvery, ct);
            foreach (var id in open.ToList())
            {
                var job = await darkroom.GetJobAsync(id, ct);
                if (job.Status is "queued" or "running")
                    continue;
                watched[id] = job;
                open.Remove(id);
                ended(job);
            }
        }
    }

    static string Shortened(string text) => text.Length <= 48 ? text : text[..47] + "…";
}
