using System.CommandLine;
using System.Runtime.CompilerServices;
using Darkroom.Cli.Watching;
using Darkroom.Client;

namespace Darkroom.Cli.Downloading;

/// <summary><c>darkroom download</c>: the pictures of a batch or of jobs, into a folder.</summary>
internal static class DownloadCommand
{
    public static Command Create(Connection connection)
    {
        var ids = new Argument<string[]>("id") { Description = "A batch, or one or more jobs.", Arity = ArgumentArity.OneOrMore };
        var output = new Option<DirectoryInfo>("--output", "-o")
        {
            Description = "The folder; made if it is missing.",
            DefaultValueFactory = _ => new DirectoryInfo("darkroom-pictures"),
        };
        var parallel = new Option<int>("--parallel") { Description = "Pictures fetched at a time, 1 to 32.", DefaultValueFactory = _ => 4 };
        parallel.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > 32)
                result.AddError("--parallel must be 1 to 32.");
        });
        var watch = new Option<bool>("--watch", "-w") { Description = "First wait until all has ended." };
        var command = new Command("download", $"""
            Fetch the pictures into a folder, each checked by its SHA-256, with a table of them all ({Manifest.FileName}). What is there
            already is not fetched again, and what broke off goes on: run it again as often as you like, also while a batch runs.
            """.ReplaceLineEndings(" ")) { ids, output, parallel, watch };
        connection.Run(command, async (session, parsed, ct) =>
        {
            var wanted = parsed.GetValue(ids)!;
            if (wanted.Length > 1 && wanted.Any(WatchCommand.IsBatch))
                return session.Fail(ExitCode.BadInput, "One batch at a time, or jobs.");
            var outcome = parsed.GetValue(watch) ? await WatchAsync(session, wanted, ct) : ExitCode.Done;
            var download = new Download(session, parsed.GetValue(output)!, parsed.GetValue(parallel));
            return await download.RunAsync(Jobs(session, wanted, ct), ct) ? outcome : ExitCode.Incomplete;
        });
        return command;
    }

    static Task<int> WatchAsync(Session session, string[] ids, CancellationToken ct) =>
        ids is [var batch] && WatchCommand.IsBatch(batch)
            ? WatchBatch.RunAsync(session, batch, new(session), ct)
            : WatchJobs.RunAsync(session, ids, new(session), ct);

    static IAsyncEnumerable<Job> Jobs(Session session, string[] ids, CancellationToken ct) => ids is [var batch] && WatchCommand.IsBatch(batch)
        ? OfBatchAsync(session, batch, ct)
        : ids.ToAsyncEnumerable().Select((string id, CancellationToken cancel) => new ValueTask<Job>(session.Darkroom.GetJobAsync(id, cancel)));

    /// <summary>
    /// Those with pictures first: of a large batch that has only begun they are few, and far down the list. One that succeeds while the others
    /// are listed comes with the next download.
    /// </summary>
    static async IAsyncEnumerable<Job> OfBatchAsync(Session session, string id, [EnumeratorCancellation] CancellationToken ct)
    {
        // A batch that is not there has no jobs either, and that would look like success.
        await session.Darkroom.GetBatchAsync(id, ct);
        foreach (var statuses in (string[])["succeeded", "failed,held,canceled,running,queued"])
            await foreach (var job in session.Darkroom.ListJobsAsync([("batch_id", id), ("status", statuses)], ct))
                yield return job;
    }
}
