using System.Text.Json;
using Darkroom.Client;
using Spectre.Console;

namespace Darkroom.Cli.Watching;

/// <summary>Follows a batch: bars on a terminal, else a line now and then, else an object at every change.</summary>
internal static class WatchBatch
{
    /// <summary>For a log that somebody reads tomorrow.</summary>
    static readonly TimeSpan BetweenLines = TimeSpan.FromSeconds(10);

    /// <returns>The exit code, by how the batch ended.</returns>
    public static async Task<int> RunAsync(Session session, string id, Patience patience, CancellationToken ct)
    {
        try
        {
            var batch = session switch
            {
                { Json: true } => await FollowAsync(session, id, patience, batch => session.Terminal.Json(batch, DarkroomJson.Answers.Batch), ct),
                { Terminal.IsLive: true } => await FollowLiveAsync(session, id, patience, ct),
                _ => await FollowAsync(session, id, patience, Lines(session), ct),
            };
            return Outcome(session, batch);
        }
        catch (OperationCanceledException)
        {
            session.Hint(WatchCommand.GoesOn(id));
            throw;
        }
    }

    static Task<Batch> FollowLiveAsync(Session session, string id, Patience patience, CancellationToken ct) =>
        session.Terminal.Error.Live(new Text($"{id} ...")).StartAsync(live =>
            FollowAsync(session, id, patience, batch => live.UpdateTarget(BatchView.Of(batch, DateTimeOffset.Now)), ct));

    static Action<Batch> Lines(Session session)
    {
        var last = DateTime.MinValue;
        return batch =>
        {
            // The end is said apart.
            if (DateTime.UtcNow - last < BetweenLines || IsOver(batch))
                return;
            last = DateTime.UtcNow;
            session.Hint($"{batch.Id} {BatchView.Line(batch)}");
        };
    }

    static async Task<Batch> FollowAsync(Session session, string id, Patience patience, Action<Batch> tell, CancellationToken ct)
    {
        for (var told = ""; ; await Patience.WaitAsync(ct))
        {
            var batch = await patience.AskAsync(() => session.Darkroom.GetBatchAsync(id, ct), ct);
            var state = JsonSerializer.Serialize(batch, DarkroomJson.Answers.Batch);
            // Bars also show the time, which passes without any change.
            if (state != told || session is { Json: false, Terminal.IsLive: true })
                tell(batch);
            if (IsOver(batch))
                return batch;
            told = state;
        }
    }

    /// <summary>Held lines keep a batch open until somebody decides or it expires; nobody has to watch that.</summary>
    static bool IsOver(Batch batch) => batch.HasEnded || IsStuck(batch);

    static bool IsStuck(Batch batch) => batch is { Status: "in_progress", Counts: { Queued: 0, Running: 0, Held: > 0 } };

    static int Outcome(Session session, Batch batch)
    {
        session.Say($"{batch.Id} {BatchView.Line(batch)}");
        if (IsStuck(batch))
        {
            session.Hint($"A person must decide: 'darkroom jobs --batch {batch.Id} --status held' lists them; then 'darkroom retry' or 'darkroom cancel'.");
            return ExitCode.Held;
        }
        foreach (var error in batch.Errors?.Data.Take(20) ?? [])
            session.Hint($"{(error.Line is { } line ? $"line {line}" : batch.InputFileId)}: {error.Message}");
        if (batch.RequestCounts.Failed > 0)
            session.Hint($"'darkroom jobs --batch {batch.Id} --status failed' says why; 'darkroom batches retry-failed {batch.Id}' tries those again.");
        if (batch.Images > 0)
            session.Hint($"'darkroom download {batch.Id}' fetches the pictures.");
        return batch is { Status: "completed", RequestCounts.Failed: 0 } ? ExitCode.Done : ExitCode.NotAllSucceeded;
    }
}
