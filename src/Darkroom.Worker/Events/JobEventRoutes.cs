using System.Globalization;
using Darkroom.Client;
using Darkroom.Migrations;
using Darkroom.Worker.Access;
using Darkroom.Worker.Api;
using Darkroom.Worker.Jobs;
using Microsoft.EntityFrameworkCore;
using JobStatus = Darkroom.Migrations.Rows.JobStatus;

namespace Darkroom.Worker.Events;

internal static class JobEventRoutes
{
    static readonly string[] Final = [JobStatus.Succeeded, JobStatus.Failed, JobStatus.Canceled];

    public static void MapEvents(this IEndpointRouteBuilder routes) => routes.MapGet("/v1/jobs/{id}/events", FollowAsync)
        .RequireAuthorization(Scopes.Read)
        .Describe("Jobs", "Follow a job",
            "Server-sent events named job: first the state it is in, then each change, until it has succeeded, failed or been cancelled. "
            + "With Last-Event-ID what came since; 204 where nothing did and nothing more will.", 404)
        .TakesHeader("Last-Event-ID", "The id of the last event seen, as EventSource sends it when it connects again.")
        .Produces<JobEvent>(StatusCodes.Status200OK, "text/event-stream")
        .Produces(StatusCodes.Status204NoContent);

    static async Task<IResult> FollowAsync(
        string id, HttpContext http, EventStreams streams, IDbContextFactory<DarkroomDb> databases, CancellationToken ct)
    {
        if (!WireId.Job.TryParse(id, out var jobId) || await ReadAsync(databases, http.User.ProjectId(), jobId, ct) is not { } now)
            return JobRoutes.NoSuchJob(id);
        var resumed = long.TryParse(ServerSentEvents.LastEventId(http.Request), NumberStyles.None, CultureInfo.InvariantCulture, out var seen)
            && seen <= now.LastEvent;
        if (resumed && seen == now.LastEvent && Final.Contains(now.Status))
            return TypedResults.NoContent(); // What tells EventSource to stop connecting.

        JobEvent Event(long number, string status, DateTimeOffset at) => new(
            number.ToString(CultureInfo.InvariantCulture), id, now.BatchId is { } batch ? WireId.Batch.Format(batch) : null, status, at);
        var news = new List<JobEvent>();
        if (!resumed)
            news.Add(Event(seen = now.LastEvent, now.Status, now.At));

        await streams.RunAsync(http, jobId, TimeSpan.Zero, async (stream, until) =>
        {
            await using var db = await databases.CreateDbContextAsync(until);
            // One job's events are written under its row's lock, so that their numbers are in its order.
            var since = await db.JobEvents.Where(e => e.JobId == jobId && e.Id > seen).OrderBy(e => e.Id).ToListAsync(until);
            foreach (var change in since)
                news.Add(Event(seen = change.Id, change.Status, change.CreatedAt));
            foreach (var change in news)
                await stream.SendAsync("job", change.Id, change, DarkroomJson.Answers.JobEvent, until);
            var last = news.LastOrDefault();
            news.Clear();
            return last is null || !Final.Contains(last.Status);
        });
        return Results.Empty;
    }

    static async Task<State?> ReadAsync(IDbContextFactory<DarkroomDb> databases, Guid projectId, Guid jobId, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        return await db.Jobs.Where(j => j.Id == jobId && j.ProjectId == projectId).Select(j => new State(
            j.BatchId, j.Status,
            db.JobEvents.Where(e => e.JobId == j.Id).Max(e => (long?)e.Id) ?? 0,
            db.JobEvents.Where(e => e.JobId == j.Id).OrderByDescending(e => e.Id).Select(e => (DateTimeOffset?)e.CreatedAt).FirstOrDefault()
                ?? j.FinishedAt ?? j.CreatedAt)).SingleOrDefaultAsync(ct);
    }

    /// <param name="LastEvent">0 where nothing has happened to it since it was submitted.</param>
    /// <param name="At">When it came into its state.</param>
    sealed record State(Guid? BatchId, string Status, long LastEvent, DateTimeOffset At);
}
