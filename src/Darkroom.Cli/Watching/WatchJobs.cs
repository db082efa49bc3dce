using Darkroom.Client;

namespace Darkroom.Cli.Watching;

/// <summary>Follows single jobs: a line at every change of state.</summary>
internal static class WatchJobs
{
    /// <returns>The exit code, by how the jobs ended.</returns>
    public static async Task<int> RunAsync(Session session, IReadOnlyList<string> ids, Patience patience, CancellationToken ct)
    {
        var seen = new Dictionary<string, Job>();
        try
        {
            while (true)
            {
                foreach (var id in ids.Where(id => !seen.TryGetValue(id, out var job) || IsOpen(job)))
                {
                    var job = await patience.AskAsync(() => session.Darkroom.GetJobAsync(id, ct), ct);
                    if (!seen.TryGetValue(id, out var before) || before.Status != job.Status)
                        Tell(session, job);
                    seen[id] = job;
                }
                if (!seen.Values.Any(IsOpen))
                    return Outcome(session, seen.Values);
                await Patience.WaitAsync(ct);
            }
        }
        catch (OperationCanceledException)
        {
            session.Hint(WatchCommand.GoesOn(string.Join(' ', ids)));
            throw;
        }
    }

    static bool IsOpen(Job job) => job.Status is "queued" or "running";

    static void Tell(Session session, Job job)
    {
        if (session.Json)
            session.Terminal.Json(job, DarkroomJson.Answers.Job);
        session.Say(job switch
        {
            { Status: "succeeded" } => $"{job.Id} succeeded: {Words.Count(job.Images.Count, "picture", "pictures")}, {Words.Money(job.Cost)}",
            { Error.Message: { } why } => $"{job.Id} {job.Status}: {why}",
            _ => $"{job.Id} {job.Status}",
        });
    }

    static int Outcome(Session session, IEnumerable<Job> jobs)
    {
        var held = jobs.Where(j => j.Status == "held").ToList();
        if (held.Count > 0)
            session.Hint($"A person must decide: 'darkroom retry {held[0].Id}' or 'darkroom cancel {held[0].Id}'.");
        return held.Count > 0 ? ExitCode.Held : jobs.Any(j => j.Status != "succeeded") ? ExitCode.NotAllSucceeded : ExitCode.Done;
    }
}
