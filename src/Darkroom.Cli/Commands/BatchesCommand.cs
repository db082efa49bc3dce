using System.CommandLine;
using Darkroom.Cli.Watching;
using Darkroom.Client;

namespace Darkroom.Cli.Commands;

/// <summary><c>darkroom batches</c>: what there is, and what one may do to it.</summary>
internal static class BatchesCommand
{
    public static Command Create(Connection connection)
    {
        var command = List(connection, "batches", "List batches, newest first; show, pause, resume or cancel one, try failed lines again.");
        command.Subcommands.Add(List(connection, "list", "The same as without it."));
        Change("show", "How far it is.", (darkroom, id, ct) => darkroom.GetBatchAsync(id, ct));
        Change("pause", "Send nothing more until it is resumed; calls in flight finish.", (darkroom, id, ct) => darkroom.PauseBatchAsync(id, ct));
        Change("resume", "Go on.", (darkroom, id, ct) => darkroom.ResumeBatchAsync(id, ct));
        Change("cancel", "For good; calls in flight finish.", (darkroom, id, ct) => darkroom.CancelBatchAsync(id, ct));
        Change("retry-failed", "Make a new batch of what did not succeed.", (darkroom, id, ct) => darkroom.RetryFailedAsync(id, null, ct));
        return command;

        void Change(string name, string description, Func<DarkroomClient, string, CancellationToken, Task<Batch>> change)
        {
            var id = new Argument<string>("id") { Description = "batch_..." };
            var one = new Command(name, description) { id };
            connection.Run(one, async (session, parsed, ct) => Show(session, await change(session.Darkroom, parsed.GetValue(id)!, ct)));
            command.Subcommands.Add(one);
        }
    }

    public static int Show(Session session, Batch batch) => Listing.Show(session, batch, DarkroomJson.Answers.Batch,
    [
        ("id", batch.Id), ("now", BatchView.Line(batch)), ("retry of", batch.RetryOf), ("created", Words.Time(batch.CreatedAt)),
        ("expires", batch is { HasEnded: false, ExpiresAt: { } expires } ? Words.Time(expires) : null),
        ("input", batch.InputFileId), ("output", batch.OutputFileId), ("errors", batch.ErrorFileId),
        .. (batch.Errors?.Data ?? []).Take(20).Select(e => (e.Line is { } line ? $"line {line}" : "mistake", (string?)e.Message)),
    ]);

    static Command List(Connection connection, string name, string description)
    {
        var limit = Listing.Limit();
        var command = new Command(name, description) { limit };
        connection.Run(command, (session, parsed, ct) => Listing.ShowAsync(
            session, session.Darkroom.ListBatchesAsync(ct), parsed.GetValue(limit), DarkroomJson.Answers.Batch,
            ["id", "status", "done", "failed", "held", "of", "created", "cost"], Row, ct));
        return command;
    }

    static string[] Row(Batch batch) =>
    [
        batch.Id, BatchView.Status(batch), Words.Count(batch.Counts.Succeeded), Words.Count(batch.Counts.Failed), Words.Count(batch.Counts.Held),
        Words.Count(batch.RequestCounts.Total), Words.Time(batch.CreatedAt), Words.Money(batch.Cost.Currency, batch.Cost.Amount),
    ];
}
