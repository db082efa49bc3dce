using System.CommandLine;
using Darkroom.Client;

namespace Darkroom.Cli.Commands;

/// <summary><c>darkroom jobs</c>: what there is and what became of it.</summary>
internal static class JobsCommand
{
    public static Command Create(Connection connection)
    {
        var command = List(connection, "jobs", "List jobs, newest first, or show one.");
        foreach (var more in (Command[])[List(connection, "list", "The same as without it."), Show(connection), Attempts(connection)])
            command.Subcommands.Add(more);
        return command;
    }

    static Command List(Connection connection, string name, string description)
    {
        var status = new Option<string?>("--status") { Description = "Of queued, running, succeeded, failed, canceled and held, separated by commas." };
        var batch = new Option<string?>("--batch") { Description = "Only those of this batch." };
        var customId = new Option<string?>("--custom-id") { Description = "Only those of this name." };
        var limit = Listing.Limit();
        var command = new Command(name, description) { status, batch, customId, limit };
        connection.Run(command, (session, parsed, ct) =>
        {
            (string, string?)[] filters = [("status", parsed.GetValue(status)), ("batch_id", parsed.GetValue(batch)), ("custom_id", parsed.GetValue(customId))];
            var jobs = session.Darkroom.ListJobsAsync([.. filters.Where(f => f.Item2 is not null).Select(f => (f.Item1, f.Item2!))], ct);
            return Listing.ShowAsync(session, jobs, parsed.GetValue(limit), DarkroomJson.Answers.Job,
                ["id", "status", "custom id", "created", "cost", "prompt, or what went wrong"], Row, ct);
        });
        return command;
    }

    static string[] Row(Job job) =>
    [
        job.Id, job.Status, job.CustomId ?? "", Words.Time(job.CreatedAt), Words.Money(job.Cost.Currency, job.Cost.Amount),
        Words.Short(job.Status is "failed" or "held" && job.Error?.Message is { } why ? why : job.Prompt, Listing.Widest),
    ];

    static Command Show(Connection connection)
    {
        var id = new Argument<string>("id") { Description = "job_..." };
        var command = new Command("show", "One job, with its pictures.") { id };
        connection.Run(command, async (session, parsed, ct) =>
        {
            var job = await session.Darkroom.GetJobAsync(parsed.GetValue(id)!, ct);
            return Listing.Show(session, job, DarkroomJson.Answers.Job,
            [
                ("id", job.Id), ("status", job.Status), ("error", job.Error?.Message), ("custom id", job.CustomId), ("batch", job.BatchId),
                ("prompt", job.Prompt), ("model", job.Model), ("asked for", $"{job.N} of quality {job.Quality}, size {job.Size}"),
                ("attempts", Words.Count(job.Attempts)), ("cost", Words.Money(job.Cost)),
                ("created", Words.Time(job.CreatedAt)), ("finished", job.FinishedAt is { } end ? Words.Time(end) : null),
                .. job.Images.Select(i => ($"picture {i.Index}", (string?)$"{i.Width} x {i.Height}, {Words.Count(i.Bytes)} bytes, {i.Url}")),
            ]);
        });
        return command;
    }

    static Command Attempts(Connection connection)
    {
        var id = new Argument<string>("id") { Description = "job_..." };
        var command = new Command("attempts", "The ledger of one job: every call, and what it cost.") { id };
        connection.Run(command, (session, parsed, ct) => Listing.ShowAsync(
            session, session.Darkroom.ListAttemptsAsync(parsed.GetValue(id)!, ct), 0, DarkroomJson.Answers.Attempt,
            ["number", "status", "started", "http", "cost", "error"],
            a => [Words.Count(a.Number), a.Status, Words.Time(a.StartedAt), a.HttpStatus?.ToString() ?? "", Words.Money(a.Cost.Currency, a.Cost.Amount),
                Words.Short(a.Error?.Message ?? "", Listing.Widest)], ct));
        return command;
    }
}
