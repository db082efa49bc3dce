using Darkroom.Client;
using Darkroom.Migrations;
using Darkroom.Worker.Events;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Batches;

/// <summary>Tells who follows a batch how it stands, whenever that has changed.</summary>
internal static class BatchEvents
{
    /// <summary>Often enough for a person; a thousand completions a second are one event.</summary>
    static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);

    public static async Task<IResult> FollowAsync(
        string id, HttpContext http, EventStreams streams, IDbContextFactory<DarkroomDb> databases, BatchView view, CancellationToken ct)
    {
        if (await BatchActionRoutes.FindAsync(id, http, databases, ct) is not { } found)
            return BatchRoutes.NoSuchBatch(id);
        var seen = ServerSentEvents.LastEventId(http.Request);
        var now = await view.OfAsync(found, ct);
        if (now.HasEnded && IdOf(now) == seen)
            return TypedResults.NoContent(); // What tells EventSource to stop connecting.

        // What a batch itself becomes leaves no event of a job: it is looked at every second all the same.
        await streams.RunAsync(http, found.Id, Pace, atLeastEvery: Pace, async (stream, until) =>
        {
            if (await BatchActionRoutes.FindAsync(id, http, databases, until) is not { } row)
                return false;
            var batch = await view.OfAsync(row, until);
            if (IdOf(batch) != seen)
                await stream.SendAsync("batch", seen = IdOf(batch), batch, DarkroomJson.Answers.Batch, until);
            return !batch.HasEnded;
        });
        return Results.Empty;
    }

    /// <summary>What a follower would want to hear of. Pace and cost change with it, or do not matter alone.</summary>
    static string IdOf(Batch batch) => string.Join(
        '-', batch.Status, batch.PausedAt ?? 0, batch.Counts.Queued, batch.Counts.Running, batch.Counts.Succeeded, batch.Counts.Failed, batch.Counts.Held, batch.Counts.Canceled);
}
