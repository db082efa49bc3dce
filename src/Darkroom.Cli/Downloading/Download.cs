using System.Threading.Channels;
using Darkroom.Client;
using Spectre.Console;

namespace Darkroom.Cli.Downloading;

/// <summary>Fetches the pictures of many jobs, some at a time, and writes the table of them.</summary>
internal sealed class Download(Session session, DirectoryInfo folder, int parallel)
{
    readonly FileNames names = new();
    int fetched, alreadyHere, failed, without;

    /// <returns>Whether every picture there is now is here.</returns>
    public async Task<bool> RunAsync(IAsyncEnumerable<Job> jobs, CancellationToken ct)
    {
        folder.Create();
        try
        {
            await FetchAllAsync(jobs, ct);
        }
        catch (OperationCanceledException)
        {
            session.Hint("The same command goes on with the rest.");
            throw;
        }
        Tell();
        return failed == 0;
    }

    async Task FetchAllAsync(IAsyncEnumerable<Job> jobs, CancellationToken ct)
    {
        if (session is { Json: false, Terminal.IsLive: true })
            await session.Terminal.Error.Progress().AutoClear(true).Columns(new SpinnerColumn(), new TaskDescriptionColumn(), new TransferSpeedColumn())
                .StartAsync(progress => FetchAllAsync(jobs, Bar(progress), ct));
        else
            await FetchAllAsync(jobs, _ => { }, ct);
    }

    /// <summary>How many there are is known only at the end of the list; what has come is known all the time.</summary>
    Action<long> Bar(ProgressContext progress)
    {
        var bar = progress.AddTask("pictures", new ProgressTaskSettings { MaxValue = double.MaxValue });
        return read =>
        {
            bar.Increment(read);
            bar.Description = $"{Words.Count(fetched + alreadyHere, "picture", "pictures")}{(failed > 0 ? $", {failed} failed" : "")}";
        };
    }

    async Task FetchAllAsync(IAsyncEnumerable<Job> jobs, Action<long> advance, CancellationToken ct)
    {
        await using var manifest = new Manifest(folder);
        var waiting = Channel.CreateBounded<(Job Job, IReadOnlyList<string> Names)>(parallel * 2);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        Task[] all =
        [
            ListAsync(jobs, waiting.Writer, stop.Token),
            .. Enumerable.Range(0, parallel).Select(_ => FetchAsync(waiting.Reader, manifest, advance, stop.Token)),
        ];
        try
        {
            await foreach (var task in Task.WhenEach(all))
                await task;
        }
        catch
        {
            // A full disk or a lost key: the others need not find out one by one.
            await stop.CancelAsync();
            await Task.WhenAll(all).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
        await manifest.CompleteAsync();
    }

    async Task ListAsync(IAsyncEnumerable<Job> jobs, ChannelWriter<(Job, IReadOnlyList<string>)> waiting, CancellationToken ct)
    {
        await foreach (var job in jobs.WithCancellation(ct))
            await waiting.WriteAsync((job, names.Of(job)), ct);
        waiting.Complete();
    }

    async Task FetchAsync(ChannelReader<(Job Job, IReadOnlyList<string> Names)> waiting, Manifest manifest, Action<long> advance, CancellationToken ct)
    {
        await foreach (var (job, files) in waiting.ReadAllAsync(ct))
        {
            var here = new List<string?>();
            foreach (var (image, file) in job.Images.Zip(files))
            {
                var (result, problem) = await new PictureFile(session.Darkroom, job, image, Path.Combine(folder.FullName, file)).FetchAsync(
                    advance, ct);
                here.Add(result == PictureResult.Failed ? null : file);
                Interlocked.Increment(ref result == PictureResult.Fetched ? ref fetched : ref result == PictureResult.AlreadyHere ? ref alreadyHere : ref failed);
                if (problem is not null)
                    session.Hint($"{job.Id}, picture {image.Index}: {problem}.");
            }
            if (job.Images.Count == 0)
                Interlocked.Increment(ref without);
            lock (manifest)
                manifest.Add(job, here);
        }
    }

    void Tell()
    {
        var report = new DownloadReport(folder.FullName, fetched, alreadyHere, failed, without);
        if (session.Json)
            session.Terminal.Json(report, CliJson.Default.DownloadReport);
        var rest = (alreadyHere > 0 ? $", {Words.Count(alreadyHere)} were here already" : "")
            + (without > 0 ? $", {Words.Count(without, "job has", "jobs have")} none" : "");
        session.Say($"{Words.Count(fetched, "picture", "pictures")} fetched into {folder.FullName}{rest}; {Manifest.FileName} lists them all");
        if (failed > 0)
            session.Hint($"{Words.Count(failed, "picture", "pictures")} could not be fetched: run the same command again.");
    }
}
