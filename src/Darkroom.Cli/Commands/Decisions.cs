using System.CommandLine;
using Darkroom.Cli.Watching;
using Darkroom.Client;

namespace Darkroom.Cli.Commands;

/// <summary><c>darkroom cancel</c> and <c>darkroom retry</c>, of jobs and batches alike.</summary>
internal static class Decisions
{
    public static Command Cancel(Connection connection) => Create(connection, "cancel", "Cancel jobs, at once, or batches, whose calls in flight finish.",
        (darkroom, id, ct) => darkroom.CancelJobAsync(id, ct), (darkroom, id, ct) => darkroom.CancelBatchAsync(id, ct));

    public static Command Retry(Connection connection) => Create(connection, "retry",
        "Put failed or held jobs back in the queue, or make a new batch of what failed in one. What is held may already have been billed once.",
        (darkroom, id, ct) => darkroom.RetryJobAsync(id, ct), (darkroom, id, ct) => darkroom.RetryFailedAsync(id, null, ct));

    static Command Create(Connection connection, string name, string description,
        Func<DarkroomClient, string, CancellationToken, Task<Job>> job, Func<DarkroomClient, string, CancellationToken, Task<Batch>> batch)
    {
        var ids = new Argument<string[]>("id") { Description = "Jobs or batches.", Arity = ArgumentArity.OneOrMore };
        var command = new Command(name, description) { ids };
        connection.Run(command, async (session, parsed, ct) =>
        {
            var outcome = ExitCode.Done;
            foreach (var id in parsed.GetValue(ids)!)
            {
                try
                {
                    if (WatchCommand.IsBatch(id))
                        BatchesCommand.Show(session, await batch(session.Darkroom, id, ct));
                    else
                        Tell(session, await job(session.Darkroom, id, ct));
                }
                catch (DarkroomException e) when (e.Status is System.Net.HttpStatusCode.NotFound or System.Net.HttpStatusCode.Conflict)
                {
                    // The others are decided about all the same.
                    outcome = session.Fail(ExitCode.Refused, e.Message, e.Error);
                }
            }
            return outcome;
        });
        return command;
    }

    static void Tell(Session session, Job job)
    {
        if (session.Json)
            session.Terminal.Json(job, DarkroomJson.Answers.Job);
        session.Say($"{job.Id} {job.Status}");
    }
}
